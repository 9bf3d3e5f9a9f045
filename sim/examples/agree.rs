use hubbub_sim::laws::draw;
use hubbub_sim::plan::{FaultKind, Transport};
use hubbub_sim::{specified, world};
fn main() {
    let args: Vec<String> = std::env::args().collect();
    let (from, to): (u64, u64) = (args[1].parse().unwrap(), args[2].parse().unwrap());
    let features = args.get(3).cloned().unwrap_or_default();
    let has = |f: &str| features.split(',').any(|x| x == f);
    let verbose = has("v");
    let (mut all, mut equal, mut bad) = (0, 0, Vec::new());
    for seed in from..to {
        let mut case = draw::case_of(seed);
        if !has("ws") { case.plan.server.transport = Transport::Sse; }
        if !has("recovery") { case = case.without_recovery(); if case.overflow == hubbub::Overflow::Park { case.overflow = hubbub::Overflow::DropOldest } }
        if !has("fpw") { case = case.one_frame_a_write(); }
        if !has("cpu") { case = case.without_cpu(); }
        case.plan.faults.retain(|f| match f.harm {
            FaultKind::ReaderStalls{..}|FaultKind::ReaderTrickles{..}|FaultKind::ReaderStops{..} => has("readers"),
            FaultKind::ClassLeaves{..} => has("leaves"),
            FaultKind::ClientDies{..} => has("dies"),
            FaultKind::LinkHeld{..} => has("held"),
            FaultKind::Partition{..} => has("partition"),
            FaultKind::ServerRestarts{..} => has("restarts"),
        });
        if !has("leaves") { case.plan.subscribers.iter_mut().for_each(|s| s.leave_at = None); }
        if !has("back") { case.plan.classes.iter_mut().for_each(|c| c.reconnect_after = None); }
        let choice = case.choice();
        let full = world::run_observed(&case.plan, choice);
        let spec = std::panic::catch_unwind(|| specified::run_observed(&case.plan, choice));
        all += 1;
        let (record, log) = match full { Ok(x) => x, Err(e) => { println!("seed {seed}: full {e}"); continue } };
        let spec = match spec { Ok(Ok(x)) => x, Ok(Err(o)) => { println!("seed {seed}: {o}"); continue }, Err(_) => { println!("seed {seed}: PANIC"); bad.push(seed); continue } };
        let same = match &spec { Ok((r, _)) => r.digest == record.digest && serde_json::to_string(&r.subscribers).unwrap()==serde_json::to_string(&record.subscribers).unwrap()
            && r.peak_pinned_bytes == record.peak_pinned_bytes && r.unpublished == record.unpublished && r.delivered_in_time == record.delivered_in_time
            && r.classes.iter().zip(&record.classes).all(|(a,b)| a.flush_us==b.flush_us && a.receipt_us==b.receipt_us), Err(_) => false };
        if same { equal += 1; continue }
        bad.push(seed);
        if bad.len() > 3 && !verbose { continue }
        println!("--- seed {seed} {:?} K {} cpu {} keepalive {:?} deadline {:?} fpw {} recovery {:?} faults {:?} scale {}", case.overflow, case.frames, case.plan.server.cpu.is_some(), case.plan.server.keepalive, case.plan.server.write_deadline, case.plan.server.frames_per_write, case.plan.server.recovery, case.plan.faults, case.plan.time_scale);
        match spec {
            Err(e) => println!("  spec error {e}"),
            Ok((r, slog)) => {
                println!("  digest {} peak {} {} unpublished {} {} in time {} {}", r.digest == record.digest, record.peak_pinned_bytes, r.peak_pinned_bytes, record.unpublished, r.unpublished, record.delivered_in_time, r.delivered_in_time);
                let mut firsts = vec![];
                for i in 0..case.plan.subscribers.len() {
                    let a: Vec<_> = log.iter().filter(|o| o.subscriber == i).collect();
                    let b: Vec<_> = slog.iter().filter(|o| o.subscriber == i).collect();
                    if let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b).or((a.len() != b.len()).then_some(a.len().min(b.len()))) {
                        firsts.push((a.get(at).or(b.get(at)).unwrap().at, i, at, a, b));
                    }
                }
                firsts.sort_by_key(|f| (f.0, f.1));
                for (_, i, at, a, b) in firsts.iter().take(1) {
                    let s = &case.plan.subscribers[*i];
                    println!("  subscriber {i} class {:?} {:?} connect {:?} leave {:?}; {} / {} observations", case.plan.classes[s.class], s.reading, s.connect_at, s.leave_at, a.len(), b.len());
                    for k in at.saturating_sub(3)..at + 3 { println!("    full {:?}\n    spec {:?}", a.get(k).map(|o| (o.at, o.what)), b.get(k).map(|o| (o.at, o.what))); }
                }
            }
        }
    }
    println!("{equal} of {all} equal; bad {} {:?}", bad.len(), &bad[..bad.len().min(20)]);
}
