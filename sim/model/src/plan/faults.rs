//! What goes wrong, and to whom: members are struck by luck of their own.

use super::seed::{EntityRng, RngStream};
use super::{Fault, FaultKind, SubscriberPlan};
use crate::scenario::{FaultSettings, Scenario};
use crate::time::of_seconds;

pub(super) fn draw(scenario: &Scenario, subscribers: &[SubscriberPlan], seed: u64) -> Vec<Fault> {
    let settings = scenario.settings();
    let mut members: Vec<_> = members(subscribers, seed).collect();
    let mut faults = Vec::new();
    for fault in &settings.faults {
        let place = |name: &str| settings.classes.iter().position(|class| class.name == name);
        let class = fault.class().and_then(place);
        // What strikes a class strikes each where none is named.
        let classes = class.map_or(0..settings.classes.len(), |class| class..class + 1);
        let at = of_seconds(fault.at_seconds());
        // Everybody draws at every fault, so that a fault more changes nothing for those before it.
        let rng: Vec<f64> = members.iter_mut().map(EntityRng::unit).collect();
        let struck = |share: f64| {
            let of_class = subscribers
                .iter()
                .enumerate()
                .filter(move |(_, subscriber)| class.is_none_or(|class| subscriber.class == class));
            of_class.map(|(index, _)| index).filter(|index| rng[*index] < share).collect::<Vec<_>>()
        };
        let harms: Vec<FaultKind> = match fault {
            FaultSettings::ReaderStalls { lasts_seconds, share, .. } => {
                let lasts = of_seconds(*lasts_seconds);
                struck(*share).into_iter().map(|subscriber| FaultKind::ReaderStalls { subscriber, lasts }).collect()
            }
            FaultSettings::ReaderTrickles { lasts_seconds, bytes_per_second, share, .. } => {
                let lasts = of_seconds(*lasts_seconds);
                let bytes_per_second = *bytes_per_second;
                let harm = |subscriber| FaultKind::ReaderTrickles { subscriber, lasts, bytes_per_second };
                struck(*share).into_iter().map(harm).collect()
            }
            FaultSettings::ReaderStops { share, .. } => {
                struck(*share).into_iter().map(|subscriber| FaultKind::ReaderStops { subscriber }).collect()
            }
            FaultSettings::ClientDies { share, .. } => {
                struck(*share).into_iter().map(|subscriber| FaultKind::ClientDies { subscriber }).collect()
            }
            FaultSettings::LinkHeld { lasts_seconds, .. } => {
                let lasts = of_seconds(*lasts_seconds);
                classes.map(|class| FaultKind::LinkHeld { class, lasts }).collect()
            }
            FaultSettings::Partition { lasts_seconds, .. } => {
                let lasts = of_seconds(*lasts_seconds);
                classes.map(|class| FaultKind::Partition { class, lasts }).collect()
            }
            // A pause for each subscriber, from the number that it has drawn for this fault anyway.
            FaultSettings::ServerRestarts { lasts_seconds, back_within_seconds, .. } => {
                let back_after = rng.iter().map(|part| of_seconds(part * back_within_seconds)).collect();
                vec![FaultKind::ServerRestarts { lasts: of_seconds(*lasts_seconds), back_after }]
            }
            FaultSettings::ClassLeaves { .. } => classes.map(|class| FaultKind::ClassLeaves { class }).collect(),
        };
        faults.extend(harms.into_iter().map(|harm| Fault { at, harm }));
    }
    // A stable sort: faults of one moment stay in the order of the scenario.
    faults.sort_by_key(|fault| fault.at);
    faults
}

fn members(subscribers: &[SubscriberPlan], seed: u64) -> impl Iterator<Item = EntityRng> {
    let mut class = 0;
    let mut rank = 0;
    // Subscribers are grouped by class, so a rank counts from its class's first member.
    subscribers.iter().map(move |subscriber| {
        if subscriber.class != class {
            class = subscriber.class;
            rank = 0;
        }
        rank += 1;
        EntityRng::of_member(seed, RngStream::Faults, class, rank - 1)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scenario_can_describe_every_kind_of_fault_of_a_plan() {
        for kind in FaultKind::KINDS {
            // Every kind has a field that must be given, so the name alone is refused for that and for nothing else.
            let refused = toml::from_str::<FaultSettings>(&format!("kind = \"{kind}\"")).unwrap_err();
            assert!(refused.to_string().contains("missing field"), "{kind}: {refused}");
        }
    }
}
