//! The process of the emulated world: makes the network, and runs what it is told side by side.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

use hubbub::{Capacity, Overflow};

use super::emulator::Emulator;
use super::links::Links;
use super::namespaces::{self, BEFORE_CLIENTS, Namespaces, Route};
use super::network::{self, RunNetwork};
use super::process::{Answer, Order, OrderedRun, ReportedRun};
use super::read_back;
use crate::plan::{HubChoice, Plan};
use crate::real::{self, Network, RunReport};
use crate::time::nanos;

/// Carries out one order. It must be called before the process has a second thread. `made` is called when the process
/// may have more.
///
/// # Errors
/// When it is told nothing, or nobody listens to what it says. What is wrong with the network or a run is an answer.
pub fn serve_runs(
    mut orders: impl BufRead + Send + 'static,
    mut answers: impl Write,
    made: impl FnOnce(),
) -> Result<(), String> {
    let mut line = String::new();
    orders.read_line(&mut line).map_err(|why| why.to_string())?;
    let order: Order = serde_json::from_str(&line).map_err(|why| why.to_string())?;
    let mut say = |answer: &Answer| -> Result<(), String> {
        let text = serde_json::to_string(answer).map_err(|why| why.to_string())?;
        writeln!(answers, "{text}").and_then(|()| answers.flush()).map_err(|why| why.to_string())
    };
    let made_network = namespaces::make(&routes(&order));
    let links = Links::new(BEFORE_CLIENTS, order.runs.len());
    let started = made_network.and_then(|(namespaces, devices)| {
        let emulator = Emulator::start(devices, links).map_err(|why| format!("no thread carries packets: {why}"))?;
        Ok((Arc::new(namespaces), Arc::new(emulator)))
    });
    let (namespaces, emulator) = match started {
        Ok(made) => made,
        Err(why) => return say(&Answer::Impossible(why)),
    };
    made();
    let is_called_off = Arc::new(AtomicBool::new(false));
    end_with(orders, is_called_off.clone());
    let (sender, answers_of_runs) = mpsc::channel();
    let mut offset = 0;
    for (run, ordered) in order.runs.into_iter().enumerate() {
        let network = RunNetwork::new(run, offset, &ordered.plan, namespaces.clone(), emulator.clone());
        let place = Place { run, offset, namespaces: namespaces.clone(), emulator: emulator.clone() };
        offset += ordered.plan.subscribers.len();
        let (sender, is_called_off) = (sender.clone(), is_called_off.clone());
        std::thread::spawn(move || {
            let answer = place.run(&ordered, Arc::new(network), &sender, &is_called_off);
            // Nobody takes answers only where the process is about to end.
            let _ = sender.send(answer);
        });
    }
    drop(sender);
    answers_of_runs.iter().try_for_each(|answer| say(&answer))?;
    // All runs are over, so the emulator has one owner.
    let ended = Arc::into_inner(emulator).map_or(Ok(()), Emulator::end);
    ended.map_or_else(|why| say(&Answer::Failed(format!("the emulated link: {why}"))), Ok)
}

/// Calls everything off when the process that gave the order is gone, or has closed its end.
fn end_with(mut orders: impl BufRead + Send + 'static, is_called_off: Arc<AtomicBool>) {
    std::thread::spawn(move || {
        let mut rest = String::new();
        while orders.read_line(&mut rest).is_ok_and(|bytes| bytes > 0) {
            rest.clear();
        }
        is_called_off.store(true, Ordering::Relaxed);
    });
}

/// From the server to every client of every run.
fn routes(order: &Order) -> Vec<Route> {
    let mut routes = Vec::new();
    let mut offset = 0;
    for OrderedRun { plan, congestion, .. } in &order.runs {
        let clients = network::addresses(offset);
        let members = plan.subscribers.iter().enumerate();
        routes.extend(
            members
                .map(|(index, member)| Route { to: clients.of(index), congestion: congestion[member.class].clone() }),
        );
        offset += plan.subscribers.len();
    }
    routes
}

/// Where one of the runs is.
struct Place {
    run: usize,
    offset: usize,
    namespaces: Arc<Namespaces>,
    emulator: Arc<Emulator>,
}

impl Place {
    fn run(
        self,
        ordered: &OrderedRun,
        network: Arc<dyn Network>,
        sender: &mpsc::Sender<Answer>,
        is_called_off: &AtomicBool,
    ) -> Answer {
        let plan = &ordered.plan;
        let Ok(overflow) = ordered.policy.parse::<Overflow>() else {
            return Answer::Failed(format!("no policy is called {:?}", ordered.policy));
        };
        let capacity = Capacity::new(ordered.buffer).unwrap_or(Capacity::UNBOUNDED);
        let read_back = ReadBack::default();
        let is_wanted = |at: Duration| {
            // While streams are open, and after all have been opened.
            if at >= plan.duration / 2 {
                read_back.once(|| self.congestion(plan));
            }
            let millis = u64::try_from(at.as_millis()).unwrap_or(u64::MAX);
            let is_heard = sender.send(Answer::Going { run: self.run, millis }).is_ok();
            is_heard && !is_called_off.load(Ordering::Relaxed)
        };
        let run = match real::run_over(&network, plan, HubChoice { capacity, overflow }, &is_wanted) {
            Ok(run) => run,
            Err(why) => return Answer::Failed(why.to_string()),
        };
        let congestion = match read_back.found() {
            Ok(found) => found.into_iter().collect(),
            Err(why) => return Answer::Failed(why),
        };
        let lateness = self.emulator.links().lateness(self.run);
        let publish_lag_ns = nanos(run.publish_lag);
        let report = ReportedRun { report: RunReport::of(run.record), publish_lag_ns, lateness, congestion };
        Answer::Done { run: self.run, report: Box::new(report) }
    }

    fn congestion(&self, plan: &Plan) -> Result<BTreeSet<String>, String> {
        read_back::congestion(&self.namespaces, network::addresses(self.offset), plan.subscribers.len())
    }
}

/// What was read back, once.
#[derive(Default)]
struct ReadBack(Mutex<Option<Result<BTreeSet<String>, String>>>);

impl ReadBack {
    fn once(&self, read: impl FnOnce() -> Result<BTreeSet<String>, String>) {
        let mut found = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        found.get_or_insert_with(read);
    }

    fn found(self) -> Result<BTreeSet<String>, String> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(|| Ok(BTreeSet::new()))
    }
}
