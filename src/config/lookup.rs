//! Looks settings up by key or by variable, and puts their values into the layer of a source.

use super::layer::Layer;
use super::setting::{Given, PREFIX, Setting, SettingKind, one_line};
use super::table::SETTINGS;
use super::{Config, Refusal};

/// The setting of a key, without its section.
pub(super) fn setting_of_key(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// Puts a value into a layer. A value that is not allowed is refused, as it was `written` at `place`.
pub(super) fn put(
    setting: &Setting,
    layer: &mut Layer,
    given: &Given<'_>,
    place: String,
    written: &str,
    refusals: &mut Vec<Refusal>,
) {
    // Tried on a default configuration, so that a value is checked even if another source overrides it.
    match setting.set(&mut Config::default(), given).and_then(|()| setting.value(given)) {
        Some(value) => {
            if !layer.insert(setting.key, &place, value) {
                refusals.push(Refusal::Syntax { place, why: format!("{}: set twice", setting.name()) });
            }
        }
        None => {
            // A mistyped token is nearly the token, and messages end up in logs.
            let value = if matches!(setting.kind, SettingKind::Secret { .. }) { "(not shown)" } else { written };
            let key = setting.name();
            let value = one_line(value);
            let allowed = setting.allowed();
            refusals.push(Refusal::Value { place, key, value, allowed });
        }
    }
}

/// Puts a variable of the environment into a layer. A variable without the prefix is ignored.
pub(super) fn apply_variable(layer: &mut Layer, name: &str, value: &str, refusals: &mut Vec<Refusal>) {
    if !name.starts_with(PREFIX) {
        return;
    }
    let Some(setting) = SETTINGS.iter().find(|setting| setting.variable() == name) else {
        let allowed = either(SETTINGS.iter().map(Setting::variable));
        refusals.push(Refusal::Unknown { place: "environment".to_owned(), name: one_line(name), allowed });
        return;
    };
    let given = Given::of_variable(value);
    let written = if given.number.is_some() { value.to_owned() } else { format!("{value:?}") };
    put(setting, layer, &given, name.to_owned(), &written, refusals);
}

/// The keys of all settings, for a message.
pub(super) fn keys() -> String {
    either(SETTINGS.iter().map(|setting| setting.key.to_owned()))
}

/// Joins names for a message, as in `a, b or c`.
fn either(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<_> = names.collect();
    let last = names.pop().unwrap_or_default();
    if names.is_empty() { last } else { format!("{} or {last}", names.join(", ")) }
}
