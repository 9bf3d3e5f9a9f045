//! Sizes: the exact one, and what a larger mailbox changes.

use std::time::Duration;

use hubbub::Overflow;

use super::{Broken, Trial};
use crate::record::{Record, exact_ms};

fn drops(record: &Record) -> u64 {
    // Only what a full mailbox lost. What goes with a stream is lost at every size.
    record.subscribers.iter().map(|subscriber| subscriber.dropped.buffer_full).sum()
}

/// The largest high-water mark H of the unbounded run is the smallest size without a loss: none at H, and at least one
/// below it, for H of 2 and more.
///
/// # Errors
/// With the size at which it is otherwise.
pub fn exact_size(trial: &Trial<'_>) -> Result<(), Broken> {
    // A policy that loses nothing by being full says nothing of when it is.
    let case = match trial.case.overflow {
        Overflow::Conflate | Overflow::Park => &trial.case.clone().dropping_newest(),
        Overflow::DropNewest | Overflow::DropOldest | Overflow::Disconnect => trial.case,
    };
    let unbounded = trial.run(&case.plan, case.unbounded())?;
    let size = unbounded.subscribers.iter().map(|subscriber| subscriber.high_water).max().unwrap_or(0) as usize;
    // H is 0 where nothing ever waited, and a mailbox has at least one slot.
    let lost = drops(&trial.run(&case.plan, case.choice_of(size.max(1)))?);
    if lost > 0 {
        return Err(Broken::new(format!("{lost} frames are lost at H = {size}")));
    }
    if size >= 2 && drops(&trial.run(&case.plan, case.choice_of(size - 1))?) == 0 {
        return Err(Broken::new(format!("nothing is lost at one frame less than H = {size}")));
    }
    Ok(())
}

/// The first loss with that many slots more is no earlier.
pub(super) fn first_loss(trial: &Trial<'_>, more: usize) -> Result<(), Broken> {
    let choice = trial.case.choice_of(trial.case.frames + more);
    no_earlier_loss(&trial.own()?.record, &trial.run(&trial.case.plan, choice)?)
}

/// Of a run and one with more room: the first loss is no earlier, and whoever lost nothing loses nothing.
///
/// # Errors
/// With a subscriber to whom it happened earlier.
pub fn no_earlier_loss(less: &Record, more: &Record) -> Result<(), Broken> {
    let never = Duration::MAX;
    compare(less, more, |less, more| {
        let (before, after) = (less.first_drop_at.unwrap_or(never), more.first_drop_at.unwrap_or(never));
        (after < before).then(|| {
            let before = less.first_drop_at.map_or("never".to_owned(), |at| format!("first at {}", exact_ms(at)));
            format!("with more room a frame is lost at {}, and with less {before}", exact_ms(after))
        })
    })
}

/// Of a run and one with more room: nobody loses more. For equal frames only.
///
/// # Errors
/// With a subscriber that does.
pub fn no_more_losses(less: &Record, more: &Record) -> Result<(), Broken> {
    compare(less, more, |less, more| {
        let (before, after) = (less.dropped.buffer_full, more.dropped.buffer_full);
        (after > before).then(|| format!("{before} frames are lost, and {after} with more room"))
    })
}

fn compare(
    less: &Record,
    more: &Record,
    wrong: impl Fn(&crate::record::SubscriberRecord, &crate::record::SubscriberRecord) -> Option<String>,
) -> Result<(), Broken> {
    let pairs = less.subscribers.iter().zip(&more.subscribers).enumerate();
    let broken = pairs.filter_map(|(index, (less, more))| Some(Broken::of(index, wrong(less, more)?))).next();
    broken.map_or(Ok(()), Err)
}
