//! The stream: found or created, and whether servers can share it.

use std::fmt::Debug;
use std::time::Duration;

use async_nats::jetstream::context::{CreateStreamErrorKind, GetStreamErrorKind};
use async_nats::jetstream::stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{Context, ErrorCode};

use super::Settings;
use super::connect::StartError;
use crate::shared_log::Times;

/// The stream of the settings, created if there is none of its name.
pub(super) async fn or_created(context: &Context, settings: &Settings) -> Result<Stream, StartError> {
    let name = &settings.stream;
    let stream = match context.get_stream(name).await {
        Err(why) if is_missing(&why.kind()) => context.create_stream(config(settings)).await.map_err(|why| {
            let replicas = settings.replicas;
            let line = format!("stream {name:?} cannot be created with {replicas} replicas: {why}");
            if may_pass(&why.kind()) { StartError::Unreachable(line) } else { StartError::Stream(line) }
        })?,
        Err(why) => return Err(StartError::Unreachable(format!("stream {name:?} cannot be asked for: {why}"))),
        Ok(stream) => stream,
    };
    match fault(&stream.cached_info().config, settings) {
        Some(why) => Err(StartError::Stream(why)),
        None => Ok(stream),
    }
}

/// The time at which a stream was created, in milliseconds since the Unix epoch.
pub(super) fn epoch(info: &Info) -> u64 {
    u64::try_from(info.created.unix_timestamp_nanos() / 1_000_000).unwrap_or_default()
}

/// When a stream was created and when its last message was stored, on the clock of the broker that leads it.
pub(super) fn times(info: &Info) -> Times {
    // A stream without messages names the first day of the calendar.
    let since_1970 = |nanos: i128| u64::try_from(nanos).ok().map(Duration::from_nanos);
    Times {
        created_at: since_1970(info.created.unix_timestamp_nanos()),
        newest_at: since_1970(info.state.last_timestamp.unix_timestamp_nanos()),
    }
}

/// The subject of all events of a stream.
fn subjects(stream: &str) -> String {
    format!("{stream}.>")
}

fn is_missing(why: &GetStreamErrorKind) -> bool {
    matches!(why, GetStreamErrorKind::JetStream(why) if why.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

/// Whether a stream may be created at another time: brokers that have just begun do not know each other yet.
fn may_pass(why: &CreateStreamErrorKind) -> bool {
    let of_brokers = [
        ErrorCode::CLUSTER_NO_PEERS,
        ErrorCode::CLUSTER_NOT_AVAILABLE,
        ErrorCode::CLUSTER_NOT_LEADER,
        ErrorCode::INSUFFICIENT_RESOURCES,
    ];
    match why {
        CreateStreamErrorKind::TimedOut | CreateStreamErrorKind::JetStreamUnavailable => true,
        CreateStreamErrorKind::JetStream(why) => of_brokers.contains(&why.error_code()),
        CreateStreamErrorKind::EmptyStreamName
        | CreateStreamErrorKind::InvalidStreamName
        | CreateStreamErrorKind::DomainAndExternalSet
        | CreateStreamErrorKind::Response
        | CreateStreamErrorKind::NotFound
        | CreateStreamErrorKind::ResponseParse => false,
    }
}

fn config(settings: &Settings) -> Config {
    Config {
        name: settings.stream.clone(),
        subjects: vec![subjects(&settings.stream)],
        retention: RetentionPolicy::Limits,
        discard: DiscardPolicy::Old,
        storage: StorageType::File,
        num_replicas: settings.replicas,
        max_bytes: i64::try_from(settings.stream_bytes).unwrap_or(i64::MAX),
        max_age: settings.stream_age.unwrap_or_default(),
        max_messages: -1,
        max_messages_per_subject: -1,
        max_message_size: -1,
        max_consumers: -1,
        description: Some(format!("{BELONGS_TO}{}", settings.cluster)),
        ..Config::default()
    }
}

/// The description of a stream that was made here, before the name of its cluster.
// NATS 2.9 has no other place for it.
const BELONGS_TO: &str = "events of hubbub, cluster ";

/// The first thing that keeps servers from sharing a stream, in words.
fn fault(config: &Config, settings: &Settings) -> Option<String> {
    let name = &settings.stream;
    let wrong = |what: &str, value: &dyn Debug, allowed: &dyn Debug, why: &str| {
        Some(format!("stream {name:?}: {what} {value:?}: must be {allowed:?}: {why}"))
    };
    let subjects = [subjects(name)];
    if config.subjects != subjects {
        return wrong("subjects", &config.subjects, &subjects, "events are published below the stream's name");
    }
    if config.retention != RetentionPolicy::Limits {
        let why = "every server reads every event";
        return wrong("retention", &config.retention, &RetentionPolicy::Limits, why);
    }
    if config.discard != DiscardPolicy::Old {
        return wrong("discard", &config.discard, &DiscardPolicy::Old, "a full stream must still take events");
    }
    if config.storage != StorageType::File {
        return wrong("storage", &config.storage, &StorageType::File, "events must outlive the broker's process");
    }
    // A stream that was made by somebody else, or has another description now, belongs to whoever uses it.
    let owner = config.description.as_deref().and_then(|text| text.strip_prefix(BELONGS_TO));
    if let Some(owner) = owner.filter(|owner| *owner != settings.cluster) {
        let why = "every server of a cluster gets all events of its stream (server.nats_cluster)";
        return wrong("cluster", &owner, &settings.cluster, why);
    }
    if config.num_replicas != settings.replicas {
        return wrong("replicas", &config.num_replicas, &settings.replicas, "server.nats_replicas asks for that");
    }
    if config.max_messages_per_subject > 0 {
        let why = "a limit by subject would remove events without a trace";
        return wrong("max_msgs_per_subject", &config.max_messages_per_subject, &-1, why);
    }
    if config.sealed || config.no_ack {
        return Some(format!("stream {name:?} is sealed or acknowledges nothing: it cannot be published to"));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_that_is_created_here_has_no_fault_and_every_change_of_it_is_one() {
        let settings = Settings::default();
        let fault = |change: fn(&mut Config)| {
            let mut config = config(&settings);
            change(&mut config);
            fault(&config, &settings)
        };
        assert_eq!(fault(|_| {}), None);
        assert_eq!(fault(|config| config.description = Some("by hand".to_owned())), None);
        let faults = [
            fault(|config| config.subjects = vec!["builds.*".to_owned()]),
            fault(|config| config.retention = RetentionPolicy::WorkQueue),
            fault(|config| config.discard = DiscardPolicy::New),
            fault(|config| config.storage = StorageType::Memory),
            fault(|config| config.num_replicas = 3),
            fault(|config| config.description = Some(format!("{BELONGS_TO}staging"))),
            fault(|config| config.max_messages_per_subject = 10),
            fault(|config| config.sealed = true),
        ];
        for fault in &faults {
            assert!(fault.as_ref().is_some_and(|line| !line.contains('\n')), "{fault:?}");
        }
        let first = faults[0].as_deref();
        assert_eq!(
            first,
            Some(
                "stream \"hubbub\": subjects [\"builds.*\"]: must be [\"hubbub.>\"]: events are published below the \
                 stream's name"
            )
        );
    }
}
