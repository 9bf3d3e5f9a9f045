//! Condensed runs as they are stored between machines: what is read back is what was written, to the last bit.

use serde::{Deserialize, Serialize};

use super::run::{Latencies, RunSummary};
use super::stored_histogram::{StoredHistogram, read, stored};

/// A condensed run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredRun {
    run: RunSummary,
    /// Of each class, latencies to the flush and to the receipt; absent where nobody asks for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    latencies: Option<Vec<[StoredHistogram; 2]>>,
}

impl StoredRun {
    /// A run with its latencies.
    pub fn whole(run: &RunSummary, latencies: &Latencies) -> Self {
        let stored = latencies.0.iter().map(|(flush, receipt)| [stored(flush), stored(receipt)]);
        Self { run: run.clone(), latencies: Some(stored.collect()) }
    }

    /// A run of which nothing is asked but its counts.
    pub fn without_latencies(run: &RunSummary) -> Self {
        Self { run: RunSummary { after_restarts: None, ..run.clone() }, latencies: None }
    }

    /// The run, with empty latencies where none were stored.
    pub fn read(&self) -> (RunSummary, Latencies) {
        let classes = self.latencies.iter().flatten();
        let latencies = classes.map(|[flush, receipt]| (read(flush), read(receipt))).collect();
        (self.run.clone(), Latencies(latencies))
    }
}

/// A float as the whole number that has the same bits.
pub(super) mod bits {
    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::rooms::summary) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(value.to_bits())
    }

    pub(in crate::rooms::summary) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        u64::deserialize(deserializer).map(f64::from_bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::fixture;
    use crate::summary::statistics::quantiles_ms;

    #[test]
    fn a_run_is_read_back_with_its_quantiles() {
        let (run, latencies) = RunSummary::of(7, fixture::record(3));
        let text = serde_json::to_string(&StoredRun::whole(&run, &latencies)).unwrap();
        let (again, latencies_again) = serde_json::from_str::<StoredRun>(&text).unwrap().read();
        assert_eq!(format!("{again:?}"), format!("{run:?}"));
        assert_eq!(latencies_again.0.len(), latencies.0.len());
        for (one, other) in latencies.0.iter().zip(&latencies_again.0) {
            assert_eq!(quantiles_ms(&one.0), quantiles_ms(&other.0));
            assert_eq!(quantiles_ms(&one.1), quantiles_ms(&other.1));
        }
        let light = StoredRun::without_latencies(&run).read();
        assert_eq!(light.0.digest, run.digest);
        assert!(light.1.0.is_empty());
    }
}
