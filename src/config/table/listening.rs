//! Settings of the addresses to listen on.

use super::optional;
use crate::config::setting::{NONE, Setting, SettingKind};

pub(super) static SETTINGS: [Setting; 3] = [
    Setting {
        key: "listen",
        about: "where to listen; port 0 takes a free one",
        kind: SettingKind::Text {
            allowed: "an IP address and a port, as 127.0.0.1:8080",
            get: |config| config.listen.to_string(),
            set: |config, text| text.parse().ok().map(|listen| config.listen = listen),
        },
        memory: None,
    },
    Setting {
        key: "public",
        about: "whether strangers may use the server: see docs/tokens.md",
        kind: SettingKind::Flag { of: |config| &mut config.is_public },
        memory: None,
    },
    Setting {
        key: "admin_listen",
        about: "another address, for /healthz, /readyz, /metrics and /debug alone",
        kind: SettingKind::Text {
            allowed: "none, or an IP address and a port, as 127.0.0.1:9090",
            get: |config| config.admin_listen.map_or(NONE.to_owned(), |address| address.to_string()),
            set: |config, text| optional(text, |text| text.parse().ok()).map(|address| config.admin_listen = address),
        },
        memory: None,
    },
];
