//! The values that one source of a configuration sets.

use config_rs::{ConfigError, Map, Source, Value, ValueKind};

use super::setting::SECTION;

/// The values that one source sets, by key. Each has its place in the source as its origin.
#[derive(Debug, Clone, Default)]
pub(super) struct Layer(Map<String, Value>);

impl Layer {
    /// Sets a value. `false` if there was one already, which is replaced.
    pub(super) fn insert(&mut self, key: &str, place: &str, value: ValueKind) -> bool {
        self.0.insert(key.to_owned(), Value::new(Some(&place.to_owned()), value)).is_none()
    }
}

impl Source for Layer {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        let section = Value::new(None, ValueKind::Table(self.0.clone()));
        Ok(Map::from_iter([(SECTION.to_owned(), section)]))
    }
}
