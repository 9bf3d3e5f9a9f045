//! Most bytes of events alive at once, from when each subscriber held which.
//!
//! An event is alive from its publication until the last subscriber has let go of it, and longer by its encoded form
//! from the moment on in which the first one took it. Within one moment of the server, what is done by different
//! connections has no order that two runs must share. Publications have one: the event is made, mailboxes displace what
//! they displace, then those who wait for something take it. In any other moment the peak lies between two bounds, and
//! where these leave it open, it is not known.

use std::collections::BTreeMap;

use super::part::Part;
use crate::plan::Plan;
use crate::record::Moment;

/// What changes in one moment, in bytes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Change {
    /// Of the event that is published.
    published: u64,
    /// Of the encoded form of that event.
    encoded: u64,
    /// Of that event, where nobody holds it any longer.
    returned: u64,
    /// Of encoded forms of other events.
    encoded_others: u64,
    /// Of other events that are let go.
    freed: u64,
}

/// The peak, if it shows.
pub(super) fn peak(plan: &Plan, parts: &[Part<'_>]) -> Option<u64> {
    highest(changes(plan, parts).into_values())
}

fn changes(plan: &Plan, parts: &[Part<'_>]) -> BTreeMap<Moment, Change> {
    // Ordered by moment, because the peak is that of a running sum.
    let mut changes = BTreeMap::<Moment, Change>::new();
    let Some(Part { lives, .. }) = parts.first() else { return changes };
    let published: Vec<_> = lives.published.iter().map(|place| lives.moments[*place as usize]).collect();
    let held = held(&published, parts);
    for ((arrival, published), Held { taken, released, encoded_bytes }) in plan.arrivals.iter().zip(published).zip(held)
    {
        let bytes = u64::from(arrival.payload_bytes);
        let encoded = if taken.is_some() { encoded_bytes } else { 0 };
        changes.entry(published).or_default().published += bytes;
        if let Some(taken) = taken {
            let change = changes.entry(taken).or_default();
            *(if taken == published { &mut change.encoded } else { &mut change.encoded_others }) += encoded;
        }
        if let Some(released) = released {
            let change = changes.entry(released).or_default();
            *(if released == published { &mut change.returned } else { &mut change.freed }) += bytes + encoded;
        }
    }
    changes
}

/// How long an event was held by anybody.
#[derive(Clone, Copy)]
struct Held {
    taken: Option<Moment>,
    /// `None`: never.
    released: Option<Moment>,
    encoded_bytes: u64,
}

fn held(published: &[Moment], parts: &[Part<'_>]) -> Vec<Held> {
    // An event that finds room nowhere is let go by its publisher, in the moment in which it is published.
    let own = |published: &Moment| Held { taken: None, released: Some(*published), encoded_bytes: 0 };
    let mut held: Vec<_> = published.iter().map(own).collect();
    for part in parts {
        for frame in &part.life.frames {
            let place = frame.sequence as usize - 1;
            let event = &mut held[place];
            let taken = part.moment(frame.taken);
            event.taken = event.taken.into_iter().chain(taken).min();
            // An event that one subscriber never lets go of is never released: `zip` gives `None` then.
            event.released = event.released.zip(part.moment(frame.released)).map(|(one, other)| one.max(other));
            event.encoded_bytes = event.encoded_bytes.max(u64::from(part.lives.encoded_bytes[place]));
        }
    }
    held
}

/// The highest sum, if the order within moments does not matter for it.
fn highest(changes: impl Iterator<Item = Change>) -> Option<u64> {
    let (mut now, mut least, mut most) = (0u64, 0u64, 0u64);
    for Change { published, encoded, returned, encoded_others, freed } in changes {
        if published > 0 {
            // Another event was taken in the moment of a publication, and whether before or after it is not known.
            if encoded_others > 0 {
                return None;
            }
            least = least.max(now + published);
            now = now + published - freed + encoded;
            least = least.max(now);
            now -= returned;
        } else {
            // At most: as if everything had been encoded before anything was let go.
            most = most.max(now + encoded_others);
            now = now + encoded_others - freed;
            least = least.max(now);
        }
    }
    (most <= least).then_some(least)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NONE: Change = Change { published: 0, encoded: 0, returned: 0, encoded_others: 0, freed: 0 };

    #[test]
    fn an_event_counts_before_what_it_displaces_goes_and_with_its_encoded_form_after() {
        let first = Change { published: 100, ..NONE };
        assert_eq!(highest([first, Change { published: 50, freed: 100, ..NONE }].into_iter()), Some(150));
        let taken = Change { published: 50, freed: 100, encoded: 120, returned: 170, ..NONE };
        assert_eq!(highest([first, taken, Change { published: 140, ..NONE }].into_iter()), Some(170));
    }

    #[test]
    fn what_different_connections_do_in_one_moment_has_no_order_and_matters_only_at_the_peak() {
        let first = Change { published: 100, ..NONE };
        let either = Change { encoded_others: 30, freed: 50, ..NONE };
        assert_eq!(highest([first, either].into_iter()), None, "100 or 130");
        assert_eq!(highest([first, either, Change { published: 50, ..NONE }].into_iter()), Some(130));
        assert_eq!(highest([first, Change { freed: 0, ..either }].into_iter()), Some(130));
        assert_eq!(highest([first, Change { encoded_others: 0, ..either }].into_iter()), Some(100));
    }
}
