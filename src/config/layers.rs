//! The sources of a configuration, one above the other, and where each value of the result came from.

use std::ffi::OsString;
use std::fmt::{self, Write as _};
use std::net::SocketAddr;

use config_rs::{Map, Value, ValueKind};

use super::layer::Layer;
use super::lookup::{apply_variable, setting_of_key};
use super::setting::{Given, SECTION, Setting};
use super::settings::Source;
use super::table::SETTINGS;
use super::{Config, ConfigFile, Refusal, file};
use crate::mailbox::Overflow;

/// The origin of a value that no source sets.
const DEFAULT: &str = "default";
/// The origin of a value that the command line sets.
const LISTEN_OPTION: &str = "--listen";

/// Pairs of settings of which the first must be the smaller. A full server needs connections to answer that it is full.
/// And a client that stalls must be cut off by the write deadline, before the system gives it up: the system also
/// counts the time of a closed window.
const ORDERED: [[&str; 2]; 2] =
    [["max_subscribers", "max_connections"], ["write_deadline_seconds", "user_timeout_seconds"]];

/// A configuration, and the origin of each of its values.
#[derive(Clone)]
pub struct Effective {
    /// The values that are in effect.
    pub config: Config,
    /// The values that a source sets, by key.
    set: Map<String, Value>,
}

/// Leaves the values of the sources out, since one of them may be a secret.
impl fmt::Debug for Effective {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Effective").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Effective {
    /// Loads the defaults, changed by a file, changed by an environment, changed by the address of the command line.
    /// Variables without the prefix `WH_` are ignored.
    ///
    /// # Errors
    /// Every setting that is unknown or out of range, also one that another source overrides: those of the
    /// file in the order of lines, and then those of the environment by name. If there are none, the settings that do
    /// not fit together.
    pub fn load(
        file: Option<ConfigFile<'_>>,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
        listen: Option<SocketAddr>,
    ) -> Result<Self, Vec<Refusal>> {
        let mut refusals = Vec::new();
        let from_file = file.map(|file| file::read(file, &mut refusals)).unwrap_or_default();
        let mut from_environment = Layer::default();
        let mut from_command_line = Layer::default();
        let mut pairs: Vec<_> = environment.into_iter().collect();
        // The system's order of variables is arbitrary, and the order of messages must not be.
        pairs.sort();
        for (name, value) in pairs {
            apply_variable(&mut from_environment, &name.to_string_lossy(), &value.to_string_lossy(), &mut refusals);
        }
        if let Some(listen) = listen {
            from_command_line.insert("listen", LISTEN_OPTION, ValueKind::String(listen.to_string()));
        }
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let effective = Self::of([from_file, from_environment, from_command_line]);
        effective.check()?;
        Ok(effective)
    }

    /// The layers, each over those before it.
    fn of(layers: [Layer; 3]) -> Self {
        // The library merges in the order of adding: a later source overrides an earlier one.
        let builder = layers.into_iter().fold(config_rs::Config::builder(), |builder, layer| builder.add_source(layer));
        // Tables of checked values cannot fail to be merged.
        let merged = builder.build().and_then(|merged| merged.get_table(SECTION)).unwrap_or_default();
        let mut config = Config::default();
        for setting in SETTINGS.iter() {
            if let Some(value) = merged.get(setting.key) {
                let taken = setting.set(&mut config, &Given::of(value));
                // Every value was checked when it was put into its layer.
                debug_assert!(taken.is_some(), "a checked value is taken");
            }
        }
        Self { config, set: merged }
    }

    /// Checks that the settings fit together.
    fn check(&self) -> Result<(), Vec<Refusal>> {
        let ordered = ORDERED.into_iter().filter_map(|pair| self.in_order(pair));
        let refusals = ordered
            .chain(self.open_by_accident())
            .chain(self.without_history())
            .chain(self.without_key())
            .chain(self.without_topics())
            .chain(self.without_source());
        let refusals: Vec<_> = refusals.collect();
        if refusals.is_empty() { Ok(()) } else { Err(refusals) }
    }

    /// An address that other machines reach needs tokens, or the word that the server is public.
    fn open_by_accident(&self) -> Option<Refusal> {
        let config = &self.config;
        let is_meant = config.is_public || config.token_keys.is_some() || config.is_local();
        let allowed = format!("an address of loopback, or {SECTION}.public = true or {SECTION}.token_keys set");
        (!is_meant).then(|| self.refusal("listen", format!("{:?}", config.listen.to_string()), allowed))
    }

    /// A policy that parks needs a history: a parked subscriber gets its events from there.
    fn without_history(&self) -> Option<Refusal> {
        let config = &self.config;
        let parks = |overflow: Overflow| overflow == Overflow::Park;
        let is_parking = parks(config.overflow) || config.policies.iter().any(|policy| parks(policy.overflow));
        let allowed = "at least 1 where a policy is park".to_owned();
        (is_parking && config.history_events == 0).then(|| self.refusal("history_events", "0".to_owned(), allowed))
    }

    /// A policy that conflates needs a key: without one nothing is superseded, and a full mailbox would only cut off.
    fn without_key(&self) -> Option<Refusal> {
        let config = &self.config;
        if config.conflate_key.is_some() {
            return None;
        }
        let conflates = |overflow: Overflow| overflow == Overflow::Conflate;
        if conflates(config.overflow) {
            let allowed = format!("another policy, or {SECTION}.conflate_key set");
            return Some(self.refusal("overflow", format!("{:?}", Overflow::Conflate.name()), allowed));
        }
        let policy = config.policies.iter().find(|policy| conflates(policy.overflow) && policy.key.is_none())?;
        let allowed = "given a key=, where it conflates".to_owned();
        Some(self.refusal("policies", format!("{:?}", policy.to_string()), allowed))
    }

    /// A policy needs a topic that no policy before it matches: the first match holds, so it would never hold.
    fn without_topics(&self) -> Option<Refusal> {
        let policies = &self.config.policies;
        let (policy, before) = policies.iter().enumerate().find_map(|(at, policy)| {
            let before = policies[..at].iter().find(|before| before.pattern.covers(&policy.pattern))?;
            Some((policy.to_string(), before.to_string()))
        })?;
        let allowed = format!("for topics that {before:?} before it does not have");
        Some(self.refusal("policies", format!("{policy:?}"), allowed))
    }

    /// A setting of the broker needs a source that has one. Its default may stand there, as it does in a printed file.
    fn without_source(&self) -> Option<Refusal> {
        if self.config.source == Source::JetStream {
            return None;
        }
        let of_broker = SETTINGS.iter().filter(|setting| setting.key.starts_with("nats_"));
        let mut values = of_broker.filter_map(|setting| Some((setting, setting.as_toml(&self.config).ok()?)));
        let default = Config::default();
        let (setting, value) = values.find(|(setting, value)| setting.as_toml(&default).as_ref() != Ok(value))?;
        Some(self.refusal(setting.key, value, format!("left out, or {SECTION}.source = \"jetstream\"")))
    }

    fn refusal(&self, key: &str, value: String, allowed: String) -> Refusal {
        Refusal::Value { place: self.origin(key).to_owned(), key: format!("{SECTION}.{key}"), value, allowed }
    }

    /// The refusal of two settings that are not in order. It names the one that a source sets.
    fn in_order(&self, [lower, upper]: [&'static str; 2]) -> Option<Refusal> {
        let number = |key| setting_of_key(key).map_or(0, |setting| setting.number(&self.config));
        let below = number(lower);
        let above = number(upper);
        if below < above {
            return None;
        }
        let (key, value, allowed) = if self.set.contains_key(lower) {
            (lower, below, format!("below {SECTION}.{upper}, which is {above}"))
        } else {
            (upper, above, format!("above {SECTION}.{lower}, which is {below}"))
        };
        Some(self.refusal(key, value.to_string(), allowed))
    }

    /// The origin of a setting's value: the file and line, the variable, `--listen`, or `default`.
    pub fn origin(&self, key: &str) -> &str {
        self.set.get(key).and_then(Value::origin).unwrap_or(DEFAULT)
    }

    /// Every value with its origin and its default, as a file that gives the same configuration again; a secret is not
    /// shown.
    pub fn show(&self) -> String {
        let lines: Vec<_> = SETTINGS.iter().map(|setting| (self.line(setting), self.comment(setting))).collect();
        let width = lines.iter().map(|(line, _)| line.chars().count()).max().unwrap_or_default();
        lines.iter().fold(format!("[{SECTION}]\n"), |mut text, (line, comment)| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{line:<width$}  # {comment}");
            text
        })
    }

    /// The default value, and before it the origin of another value. The text stays true when the value is edited.
    fn comment(&self, setting: &Setting) -> String {
        let default = setting.as_toml(&Config::default()).unwrap_or_else(|_| "none".to_owned());
        match self.origin(setting.key) {
            DEFAULT => format!("{DEFAULT}: {default}"),
            origin => format!("set by {origin}; {DEFAULT}: {default}"),
        }
    }

    fn line(&self, setting: &Setting) -> String {
        match setting.as_toml(&self.config) {
            Ok(value) => format!("{} = {value}", setting.key),
            // A comment, so that what is printed can be loaded again as a file.
            Err(instead) => format!("# {} {instead}", setting.key),
        }
    }
}
