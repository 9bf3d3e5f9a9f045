//! Settings of who may publish and watch.

use super::optional;
use crate::config::setting::{NONE, Setting, SettingKind};
use crate::server::{MAX_TOKEN_BYTES, Origins, Token};

const _: () = assert!(MAX_TOKEN_BYTES == 512, "the table says so");

pub(super) static SETTINGS: [Setting; 4] = [
    Setting {
        key: "publish_token",
        about: "token that a publisher must send, as Authorization: Bearer TOKEN",
        kind: SettingKind::Secret {
            allowed: "1 to 512 visible ASCII characters",
            is_set: |config| config.server.publish_token.is_some(),
            set: |config, text| {
                config.server.publish_token = Some(Token::new(text)?);
                Some(())
            },
        },
        memory: None,
    },
    Setting {
        key: "token_keys",
        about: "file with the keys of tokens; it is read again when it changes",
        kind: SettingKind::Text {
            allowed: "none, or the path of a JWKS, of public keys in PEM, or of one HS256 secret",
            get: |config| config.token_keys.as_ref().map_or(NONE.to_owned(), |path| path.display().to_string()),
            set: |config, text| {
                let path = |text: &str| (!text.is_empty()).then(|| text.into());
                optional(text, path).map(|path| config.token_keys = path)
            },
        },
        memory: None,
    },
    Setting {
        key: "token_audience",
        about: "name that a token must have as its audience (aud)",
        kind: SettingKind::Text {
            allowed: "none, or a name",
            get: |config| config.token_audience.clone().unwrap_or_else(|| NONE.to_owned()),
            set: |config, text| {
                let name = |text: &str| (!text.is_empty()).then(|| text.to_owned());
                optional(text, name).map(|name| config.token_audience = name)
            },
        },
        memory: None,
    },
    Setting {
        key: "allowed_origins",
        about: "origins of web pages that may watch and publish, besides the server's own",
        kind: SettingKind::List {
            allowed: "a list of origins, as https://app.example, or *",
            get: |config| config.server.allowed_origins.texts(),
            set: |config, texts| {
                config.server.allowed_origins = Origins::new(texts)?;
                Some(())
            },
        },
        memory: None,
    },
];
