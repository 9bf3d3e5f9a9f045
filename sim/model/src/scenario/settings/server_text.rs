//! The server's settings as text, for the fingerprint of a scenario.

use std::fmt;

use super::{CpuPrices, ServerSection};

// By hand: a scenario that says nothing of `retry:` must have the fingerprint that it had before it could.
impl fmt::Debug for ServerSection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            policy,
            keepalive_seconds,
            write_deadline_seconds,
            user_timeout_seconds,
            frames_per_write,
            transport,
            retry_seconds,
            cpu,
            recovery,
        } = self;
        let mut text = f.debug_struct("ServerSection");
        text.field("policy", policy)
            .field("keepalive_seconds", keepalive_seconds)
            .field("write_deadline_seconds", write_deadline_seconds)
            .field("user_timeout_seconds", user_timeout_seconds)
            .field("frames_per_write", frames_per_write)
            .field("transport", transport);
        if *retry_seconds != Self::default().retry_seconds {
            text.field("retry_seconds", retry_seconds);
        }
        text.field("cpu", cpu).field("recovery", recovery).finish()
    }
}

// By hand: a CPU to which a connection costs nothing has the text that it had before there was a price.
impl fmt::Debug for CpuPrices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { publish_us, delivery_us, frame_us, connect_us } = self;
        let mut text = f.debug_struct("CpuPrices");
        text.field("publish_us", publish_us).field("delivery_us", delivery_us).field("frame_us", frame_us);
        if *connect_us != 0.0 {
            text.field("connect_us", connect_us);
        }
        text.finish()
    }
}

#[cfg(test)]
mod tests {
    use crate::scenario::Scenario;

    #[test]
    fn what_a_scenario_says_of_coming_back_is_in_its_fingerprint_and_what_holds_anyway_is_not() {
        let of = |server: &str, class: &str| {
            let text = include_str!("../small.toml").replace("[arrivals]", &format!("{server}\n[arrivals]"));
            Scenario::parse("small.toml", &format!("{text}{class}\n")).unwrap().fingerprint()
        };
        let plain = of("", "");
        assert_eq!(of("[server]\nretry_seconds = 5", ""), plain);
        assert_ne!(of("[server]\nretry_seconds = 0", ""), plain);
        assert_ne!(of("", "obeys_retry = true"), plain);
        let connect = |us: &str| {
            let priced = format!("delivery_us = 50\nconnect_us = {us}");
            let text = include_str!("../small.toml").replace("delivery_us = 50", &priced);
            Scenario::parse("small.toml", &text).unwrap().fingerprint()
        };
        assert_eq!(connect("0"), plain);
        assert_ne!(connect("1"), plain);
    }
}
