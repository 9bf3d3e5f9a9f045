//! Versions of the broker that do not keep what they promise.

/// The first version whose brokers keep the same events after one that led was cut off from the others.
const KEEPS_COPIES_THE_SAME: (u64, u64) = (2, 11);

/// The known fault of a version, in words, if it matters for so many replicas.
pub(super) fn fault(version: &str, replicas: usize) -> Option<String> {
    let mut numbers = version.split('.').map_while(|number| number.parse().ok());
    let (major, minor) = (numbers.next()?, numbers.next()?);
    // With one replica nobody else can lead.
    if replicas == 1 || (major, minor) >= KEEPS_COPIES_THE_SAME {
        return None;
    }
    Some(format!(
        "the broker is nats-server {version}: before 2.11 a broker that leads the stream and is cut off from the others may have \
         other events than they have from then on, and clients may miss some without a word. Use 2.11 or later"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_broker_is_told_where_it_shares_the_stream_with_others() {
        for (version, replicas, is_told) in [
            ("2.9.10", 3, true),
            ("2.10.29", 5, true),
            ("2.9.10", 1, false),
            ("2.11.0", 3, false),
            ("2.15.1", 3, false),
            ("3.0.0-beta", 3, false),
            ("", 3, false),
        ] {
            let line = fault(version, replicas);
            assert_eq!(line.is_some(), is_told, "{version} with {replicas}: {line:?}");
            assert!(line.is_none_or(|line| line.contains(version) && !line.contains('\n')));
        }
    }
}
