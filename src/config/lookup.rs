//! The table of settings as sources look it up: by key, by variable; and how a value gets into a source's layer.

use super::layer::Layer;
use super::setting::{Given, PREFIX, Setting, SettingKind, one_line};
use super::table::SETTINGS;
use super::{Config, Refusal};

/// The setting of a key, without its section.
pub(super) fn setting_of_key(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// Puts the value into the layer, or refuses it as it was `written` at `place`.
pub(super) fn put(
    setting: &Setting,
    layer: &mut Layer,
    given: &Given<'_>,
    place: String,
    written: &str,
    refusals: &mut Vec<Refusal>,
) {
    match setting.set(&mut Config::default(), given).and_then(|()| setting.value(given)) {
        Some(value) => {
            if !layer.insert(setting.key, &place, value) {
                refusals.push(Refusal::Syntax { place, why: format!("{}: set twice", setting.name()) });
            }
        }
        None => {
            let value = if matches!(setting.kind, SettingKind::Secret { .. }) { "(not shown)" } else { written };
            let (key, value, allowed) = (setting.name(), one_line(value), setting.allowed());
            refusals.push(Refusal::Value { place, key, value, allowed });
        }
    }
}

/// Takes a variable of the environment, if it is one of ours.
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

/// Every key there is.
pub(super) fn keys() -> String {
    either(SETTINGS.iter().map(|setting| setting.key.to_owned()))
}

/// `a, b or c`.
fn either(names: impl Iterator<Item = String>) -> String {
    let mut names: Vec<_> = names.collect();
    let last = names.pop().unwrap_or_default();
    if names.is_empty() { last } else { format!("{} or {last}", names.join(", ")) }
}
