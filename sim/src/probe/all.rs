//! All steps of a probe, in order.

use std::time::Duration;

use tokio::time::Instant;

use super::come_back::{Returned, compression, resumption};
use super::error::ProbeError;
use super::hidden::hidden;
use super::steps::{Probing, millis};
use crate::summary::probed::{Found, SCHEMA};

/// How long a table must be silent before the first event.
const QUIET: Duration = Duration::from_millis(700);

/// Takes all steps.
pub(super) async fn all(mut probing: Probing<'_>) -> Result<Found, ProbeError> {
    let (mut reader, head_ms, head_before_event) = probing.first().await?;
    // Before anything is published: events of others would be taken for a fault of the path.
    reader.read_until(&probing.numbers, Instant::now() + QUIET, |_| false).await?;
    let event_ms = probing.event(&mut reader).await?.ok_or_else(|| probing.not_the_same_table())?;
    let hidden = hidden(&mut probing, &mut reader).await?;
    let noticed = probing.leave().await?;
    let Returned { resumes, resume_ms, cursor } = resumption(&mut probing, reader).await?;
    let compression = compression(&mut probing, cursor).await?;
    let waited = probing.account.is_some() && noticed.is_none();
    Ok(Found {
        schema: SCHEMA.to_owned(),
        // Left to the caller, which knows the options that were given.
        command: String::new(),
        stream: probing.stream.url().to_string(),
        payload_bytes: probing.probe.payload_bytes,
        frame_bytes: (probing.frame_bytes * 10.0).round() / 10.0,
        head_before_event,
        head_ms,
        event_ms,
        hidden,
        leave_noticed_ms: noticed.map(millis),
        leave_not_noticed_within_ms: waited.then(|| millis(probing.probe.leave_timeout)),
        resumes,
        resume_ms,
        compression,
    })
}
