//! How a client comes back that has lost its stream, or could not get one.

use super::client::Stage;
use super::marks::Mark;
use super::run::Run;
use super::time::{TICK, at, ticks};
use crate::client::pause;
use crate::time::nanos;

impl Run<'_> {
    /// A client has read all that its stream has brought, and that it has ended.
    pub(super) fn lose_stream(&mut self, index: usize, connection: usize) {
        let client = &mut self.clients[index];
        if let Some((line_end, retry)) = self.connections[connection].retry {
            // The stream may have ended in the middle of its greeting.
            let is_read = line_end <= client.reader.arrived();
            client.retry = if is_read { Some(retry) } else { client.retry };
            self.marks.add_if(!is_read, Mark::EndsBeforeItsRetry);
        }
        let obeys = self.plan.classes[client.class].obeys_retry && client.retry.is_some();
        self.marks.add_if(obeys, Mark::ObeysARetry);
        self.come_back_later(index);
    }

    /// Has no stream any more, or could not get one, and comes back where it does.
    pub(super) fn come_back_later(&mut self, index: usize) {
        self.abandon_path(index);
        let client = &mut self.clients[index];
        let class = &self.plan.classes[client.class];
        // A client that has a stream to read is looked at in `lose_stream`.
        let has_failed = matches!(client.stage, Stage::Refused | Stage::Opening);
        self.marks.add_if(has_failed && class.obeys_retry && client.retry.is_some(), Mark::FailsAfterARetry);
        client.stage = Stage::Away;
        let opened_at = at(client.opened_at * TICK);
        let after_a_restart = client.faults.back_after(opened_at, at(self.tick * TICK));
        let pause = pause(class, self.plan.time_scale, client.retry, after_a_restart);
        let back = pause.map_or(u64::MAX, |pause| self.tick + ticks(nanos(pause)));
        let until = back.min(client.ends_at);
        if client.has_ended_by(self.tick) {
            // It leaves in the tick in which it could not get a stream: a timer would be a tick late.
            self.live(index);
        } else if until < u64::MAX {
            self.wake_client_at(index, until);
        }
    }
}
