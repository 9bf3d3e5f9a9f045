//! Settings of the log.

use crate::config::setting::{Setting, SettingKind};
use crate::config::settings::LogFormat;

pub(super) static SETTINGS: [Setting; 2] = [
    Setting {
        key: "log_level",
        about: "least severity of messages that are logged",
        kind: SettingKind::Text {
            allowed: "error, warn, info or debug",
            get: |config| config.log_level.to_string(),
            set: |config, text| text.parse().ok().map(|level| config.log_level = level),
        },
        memory: None,
    },
    Setting {
        key: "log_format",
        about: "form of a line of the log",
        kind: SettingKind::Text {
            allowed: "text or json",
            get: |config| config.log_format.name().to_owned(),
            set: |config, text| LogFormat::of_name(text).map(|format| config.log_format = format),
        },
        memory: None,
    },
];
