//! Takes observations as they happen. In virtual time; what it leaves is in plan time.

mod clients;
mod disagreement;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hubbub::hub::Forgotten;
use hubbub::{Counts, EventId, LossCounts, LossReason, PushOutcome, SubscriberId};

use super::digest::Digest;
use super::histogram::{count_us, histogram};
use super::restarts::Restarts;
use super::tally::Tally;
use super::wanted::WantedBefore;
use super::{ClassRecord, Lives, Observation, ObservationKind, Record, SubscriberRecord};
use crate::plan::{Plan, Selected};
use crate::time::nanos;
use disagreement::disagreement;

/// Shared by everyone in a world who sees something happen.
#[derive(Debug, Clone)]
pub struct Recorder(Arc<Mutex<Observations>>);

/// The observations so far.
#[derive(Debug)]
pub struct Observations {
    time_scale: u32,
    /// Events of the plan.
    planned: usize,
    sources_end: Duration,
    /// What changes with every frame, in the order in which subscribers are observed first. Events are offered and flushed
    /// in that order, and a processor fetches memory in advance only if it is used in its order.
    tallies: Vec<Tally>,
    /// The place of each subscriber's tally, by index in the plan.
    places: Vec<Option<u32>>,
    subscribers: Vec<SubscriberRecord>,
    demands: Vec<Demand>,
    classes: Vec<ClassRecord>,
    /// The server's processes so far.
    processes: Vec<Process>,
    /// When each event was published, from sequence 1 on, over all processes; virtual nanoseconds.
    published_at: Vec<u64>,
    /// To which table each was published; empty where no class leaves a table out.
    tables: Vec<u8>,
    /// What the members of each class want, where a class leaves a table out.
    selected: Option<Vec<Selected>>,
    delivered_in_time: u64,
    /// Every single observation, where they are asked for.
    log: Option<Vec<Observation>>,
    /// What became of every frame, where that is asked for.
    lives: Option<Lives>,
    /// How those who watch come through restarts, where the plan has any.
    restarts: Option<Box<Restarts>>,
}

/// What a subscriber wants and has, while a run goes on.
#[derive(Debug, Clone, Copy, Default)]
struct Demand {
    /// How many had been published when its first stream began, and when it left.
    from: Option<u64>,
    until: Option<u64>,
    /// Since when it has no stream although it wants one, in virtual time.
    away_since: Option<Duration>,
    /// When its last stream ended, unless another one has begun since.
    ended_at: Option<Duration>,
    /// The server's process of its last stream.
    process: usize,
}

/// A subscriber as the server knows it: the number of its process, and the id that this process gave out.
pub(crate) type ServerSide = (usize, SubscriberId);

/// A process of the server: it counts subscribers and events anew.
#[derive(Debug, Default)]
struct Process {
    /// Events published by those before it.
    published_before: u64,
    /// Index in the plan of every subscriber id, from 1 on.
    by_id: Vec<usize>,
}

impl Recorder {
    /// For a plan in virtual time.
    pub fn new(plan: &Plan) -> Self {
        let subscribers = plan
            .subscribers
            .iter()
            .map(|subscriber| SubscriberRecord { class: subscriber.class, ..SubscriberRecord::default() });
        let classes = plan.classes.iter().map(|_| ClassRecord { flush_us: histogram(), receipt_us: histogram() });
        Self(Arc::new(Mutex::new(Observations {
            time_scale: plan.time_scale,
            planned: plan.arrivals.len(),
            sources_end: plan.duration,
            tallies: Vec::with_capacity(plan.subscribers.len()),
            places: vec![None; plan.subscribers.len()],
            subscribers: subscribers.collect(),
            demands: vec![Demand::default(); plan.subscribers.len()],
            classes: classes.collect(),
            processes: vec![Process::default()],
            published_at: Vec::with_capacity(plan.arrivals.len()),
            tables: Vec::new(),
            selected: (0..plan.classes.len()).any(|class| plan.leaves_out(class)).then(|| plan.all_selected()),
            delivered_in_time: 0,
            log: None,
            lives: None,
            restarts: Restarts::of(plan),
        })))
    }

    /// Keeps every observation from now on.
    pub fn keep_observations(&self) {
        self.lock().log.get_or_insert_default();
    }

    /// Hands out what was kept.
    pub fn take_observations(&self) -> Vec<Observation> {
        self.lock().log.take().unwrap_or_default()
    }

    /// Keeps what becomes of every frame from now on. `plan` is the recorder's.
    pub fn keep_lives(&self, plan: &Plan) {
        self.lock().lives.get_or_insert_with(|| Lives::of(plan));
    }

    /// Whether the recorder keeps what becomes of every frame.
    pub fn keeps_lives(&self) -> bool {
        self.lock().lives.is_some()
    }

    /// Hands out what was kept of lives.
    pub fn take_lives(&self) -> Option<Lives> {
        self.lock().lives.take()
    }

    /// For one observation or several.
    pub fn lock(&self) -> MutexGuard<'_, Observations> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes the record. `hub` is the Hub's own account of the run, with which the record must agree.
    ///
    /// # Errors
    /// With what they disagree on.
    pub fn finish(&self, hub: Counts, peak_pinned_bytes: u64) -> Result<Record, String> {
        let record = self.close(peak_pinned_bytes)?;
        match disagreement(&record.subscribers, &hub) {
            Some(what) => Err(what),
            None => Ok(record),
        }
    }

    /// Closes the record of a server that has no account of its own.
    ///
    /// # Errors
    /// With what contradicts itself in the record.
    pub fn close(&self, peak_pinned_bytes: u64) -> Result<Record, String> {
        let mut observed = self.lock();
        let observed = &mut *observed;
        let accounts: Vec<_> = (0..observed.subscribers.len()).map(|index| observed.account(index)).collect();
        // Nothing is observed from now on. A world that is taken down ends its streams, which is no part of the run.
        observed.subscribers.clear();
        let mut subscribers = Vec::with_capacity(accounts.len());
        let published = observed.published_at.len() as u64;
        let before = WantedBefore::of(observed.selected.as_deref(), &observed.tables);
        for (mut record, demand) in accounts.into_iter().zip(&observed.demands) {
            let until = demand.until.unwrap_or(published);
            record.wanted = demand.from.map_or(0, |from| before.between(record.class, from, until));
            let away = demand.away_since.map_or(Duration::ZERO, |since| observed.sources_end.saturating_sub(since));
            record.away += away / observed.time_scale;
            let lost = record.dropped.total();
            record.in_flight = record.offered.checked_sub(record.delivered + lost).ok_or_else(|| {
                format!("{} offered, {} delivered and {lost} dropped", record.offered, record.delivered)
            })?;
            subscribers.push(record);
        }
        Ok(Record {
            digest: Digest::over(subscribers.iter().map(|subscriber| subscriber.digest)),
            subscribers,
            classes: std::mem::take(&mut observed.classes),
            unpublished: (observed.planned - observed.published_at.len()) as u64,
            delivered_in_time: observed.delivered_in_time,
            peak_pinned_bytes,
            retransmissions: Vec::new(),
            tables: std::mem::take(&mut observed.tables),
            after_restarts: observed.restarts.as_ref().map(|restarts| restarts.finish()),
        })
    }
}

impl Observations {
    /// Another process of the server takes over. Sequences go on where the last one's ended.
    pub fn process_began(&mut self) {
        let published_before = self.published_at.len() as u64;
        self.processes.push(Process { published_before, by_id: Vec::new() });
    }

    /// An event is about to be published to a table; returns its sequence.
    pub fn published(&mut self, at: Duration, table: u8) -> u64 {
        self.published_at.push(nanos(at));
        if self.selected.is_some() {
            self.tables.push(table);
        }
        self.lives.iter_mut().for_each(|lives| lives.published(at));
        self.published_at.len() as u64
    }

    /// A subscriber of the plan has got a subscription.
    pub fn subscribed(&mut self, now: Duration, (process, id): ServerSide, index: usize) {
        let place = usize::try_from(id.0).unwrap_or(usize::MAX);
        let by_id = &mut self.processes[process].by_id;
        // `usize::MAX` stands for an id that belongs to no subscriber of the plan; `of` leaves it out.
        by_id.resize(by_id.len().max(place + 1), usize::MAX);
        by_id[place] = index;
        let published = self.published_at.len() as u64;
        self.is_back(now, index);
        let (record, demand) = (&mut self.subscribers[index], &mut self.demands[index]);
        // Only the first stream sets it: a client that is away still wants what is published meanwhile.
        demand.from.get_or_insert(published);
        demand.process = process;
        demand.ended_at = None;
        self.restarts.iter_mut().for_each(|restarts| restarts.subscribed(index, published));
        record.connections += 1;
        let connection = record.connections;
        self.note(now, index, ObservationKind::Subscribed { connection });
    }

    /// An event was offered.
    pub fn offered(&mut self, now: Duration, id: ServerSide, sequence: u64, outcome: PushOutcome<EventId>) {
        if let Some(index) = self.of(id) {
            self.offered_to(now, index, id.0, sequence, outcome);
        }
    }

    /// An event was offered to a subscriber of the plan, by a process of the server.
    pub(crate) fn offered_to(
        &mut self,
        now: Duration,
        index: usize,
        process: usize,
        sequence: u64,
        outcome: PushOutcome<EventId>,
    ) {
        let outcome = outcome.map(|lost| self.sequence(process, lost.sequence));
        self.note(now, index, ObservationKind::Pushed { sequence, outcome });
        let tally = self.tally(index);
        // What is shed for an event is not an offer of its own. The event's outcome follows.
        tally.offered += u64::from(!matches!(outcome, PushOutcome::Shed { .. }));
        // Not for parked frames: they wait in the history and take no slot.
        if let PushOutcome::Queued { waiting } = outcome
            && waiting as u64 > tally.high_water
        {
            tally.high_water = waiting as u64;
            self.subscribers[index].high_water_at = now / self.time_scale;
        }
        if let Some(reason) = outcome.loss_reason() {
            let record = &mut self.subscribers[index];
            *record.dropped.of(reason) += 1;
            // A value that a newer one of its key has replaced is not lost to a limit.
            if reason != LossReason::Conflated {
                record.first_drop_at.get_or_insert_with(|| now / self.time_scale);
            }
        }
    }

    /// A stream begins with events of before, the first of them by its process's count.
    pub fn replayed(&mut self, now: Duration, id: ServerSide, first: u64, count: u64) {
        let Some(index) = self.of(id) else { return };
        let first = self.sequence(id.0, first);
        self.note(now, index, ObservationKind::Replayed { first, count });
        self.tally(index).offered += count;
    }

    /// Parked events turned out not to be kept any more.
    pub fn forgot(&mut self, now: Duration, id: ServerSide, Forgotten { count, reason }: Forgotten) {
        let Some(index) = self.of(id) else { return };
        self.note(now, index, ObservationKind::Forgotten { count, reason });
        let plan_now = self.plan_time(now);
        let record = &mut self.subscribers[index];
        *record.dropped.of(reason) += count;
        record.first_drop_at.get_or_insert(plan_now);
    }

    /// An event of a process has left its mailbox, with an encoded form of so many bytes. Wanted by those who keep lives.
    pub fn taken(&mut self, now: Duration, id: ServerSide, sequence: u64, encoded_bytes: usize) {
        let (index, sequence) = (self.of(id), self.sequence(id.0, sequence));
        if let (Some(index), Some(lives)) = (index, &mut self.lives) {
            lives.taken(now, index, sequence, encoded_bytes);
        }
    }

    /// A socket has accepted an event of a process.
    pub fn flushed(&mut self, now: Duration, id: ServerSide, sequence: u64) {
        match self.of(id) {
            Some(index) => self.flushed_to(now, index, id.0, sequence),
            None => self.delivered_in_time += u64::from(now <= self.sources_end),
        }
    }

    /// The socket of a subscriber of the plan has accepted an event of a process.
    pub fn flushed_to(&mut self, now: Duration, index: usize, process: usize, sequence: u64) {
        let sequence = self.sequence(process, sequence);
        self.delivered_in_time += u64::from(now <= self.sources_end);
        let latency = self.age_us(now, sequence);
        self.note(now, index, ObservationKind::Flushed { sequence });
        let tally = self.tally(index);
        tally.delivered += 1;
        let class = tally.class;
        count_us(&mut self.classes[class].flush_us, latency);
    }

    /// A subscription has ended, and this is its account.
    pub fn ended(&mut self, now: Duration, id: ServerSide, counts: Counts) {
        let Some(index) = self.of(id) else { return };
        let LossCounts { client_gone, evicted, .. } = counts.dropped;
        self.restarts.iter_mut().for_each(|restarts| restarts.ended(now, index));
        self.note(now, index, ObservationKind::Ended { client_gone, evicted });
        let record = &mut self.subscribers[index];
        record.dropped.client_gone += client_gone;
        record.dropped.evicted += evicted;
        // A client that has left for good is not away, because it wants nothing any more.
        let demand = &mut self.demands[index];
        demand.away_since = demand.until.is_none().then_some(now);
        demand.ended_at = Some(now);
    }

    /// What the Hub's own account says otherwise, if it does now.
    pub fn disagreement(&self, hub: &Counts) -> Option<String> {
        let accounts: Vec<_> = (0..self.subscribers.len()).map(|index| self.account(index)).collect();
        disagreement(&accounts, hub)
    }

    /// A subscriber's account so far.
    fn account(&self, index: usize) -> SubscriberRecord {
        let record = self.subscribers[index].clone();
        let nothing = Tally::of(record.class);
        let tally = self.places[index].map_or(&nothing, |place| &self.tallies[place as usize]);
        let Tally { offered, delivered, received, doubled, high_water, .. } = *tally;
        SubscriberRecord { offered, delivered, received, doubled, high_water, digest: tally.digest.digest(), ..record }
    }

    #[inline]
    fn tally(&mut self, index: usize) -> &mut Tally {
        let place = *self.places[index].get_or_insert_with(|| {
            self.tallies.push(Tally::of(self.subscribers[index].class));
            u32::try_from(self.tallies.len() - 1).unwrap_or_else(|_| unreachable!("a plan has fewer subscribers"))
        });
        &mut self.tallies[place as usize]
    }

    /// Which subscriber of the plan an id is.
    pub fn of(&self, (process, id): ServerSide) -> Option<usize> {
        let index = *self.processes.get(process)?.by_id.get(usize::try_from(id.0).ok()?)?;
        (index < self.subscribers.len()).then_some(index)
    }

    /// The sequence over all processes.
    pub fn sequence(&self, process: usize, of_process: u64) -> u64 {
        self.processes.get(process).map_or(0, |process| process.published_before) + of_process
    }

    /// Time since an event was to be published, in microseconds of plan time.
    fn age_us(&self, now: Duration, sequence: u64) -> u64 {
        let place = usize::try_from(sequence - 1).unwrap_or(usize::MAX);
        // One division for both: rounding down twice gives the same.
        nanos(now).saturating_sub(self.published_at[place]) / (1000 * u64::from(self.time_scale))
    }

    #[inline(always)]
    fn note(&mut self, now: Duration, index: usize, what: ObservationKind) {
        // In virtual time: at a scale above 1, plan time would round different times to the same one.
        self.tally(index).digest.add(nanos(now), what);
        if self.log.is_some() || self.lives.is_some() {
            self.keep(now, index, what);
        }
    }

    /// Keeps an observation for those who ask for single ones.
    #[cold]
    fn keep(&mut self, now: Duration, index: usize, what: ObservationKind) {
        if let Some(log) = &mut self.log {
            log.push(Observation { at: now / self.time_scale, subscriber: index, what });
        }
        if let Some(lives) = &mut self.lives {
            lives.note(now, index, what);
        }
    }

    fn plan_time(&self, virtual_time: Duration) -> Duration {
        virtual_time / self.time_scale
    }
}
