//! `GET /debug/subscribers`: the subscribers that are worst off, the worst first.

use std::time::Duration;

use hyper::{Response, StatusCode};
use serde_json::{Map, Value, json};

use super::response::{Body, error, json as json_response};
use super::selection::parameters;
use super::streams::Stream;
use super::{Exchange, Server};
use crate::hub::SubscriberState;
use crate::transport::Environment;

/// Subscribers that are listed if the request does not say how many.
const LISTED: usize = 50;
/// Most subscribers in one answer.
const MAX_LISTED: usize = 1000;
/// Topics that are listed of one subscriber. A WebSocket may have a thousand.
const TOPICS_LISTED: usize = 20;

/// The order of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sort {
    /// By the frames that wait.
    Waiting,
    /// By the age of the oldest event that waits.
    Age,
    /// By the frames that were lost.
    Dropped,
    /// By the time that the stream has been open.
    Since,
}

impl Sort {
    const ALL: [(&'static str, Self); 4] =
        [("waiting", Self::Waiting), ("age", Self::Age), ("dropped", Self::Dropped), ("since", Self::Since)];
}

/// A subscriber, and its stream if it is one of this server's.
struct Line {
    seen: SubscriberState,
    stream: Option<Stream>,
}

impl<E: Environment> Exchange<E> {
    pub(super) fn subscribers(&self, query: &str) -> Response<Body<E>> {
        match asked(query) {
            Ok((sort, limit)) => json_response(StatusCode::OK, &self.server.list(sort, limit)),
            Err(why) => error(StatusCode::BAD_REQUEST, &why),
        }
    }
}

impl<E: Environment> Server<E> {
    fn list(&self, sort: Sort, limit: usize) -> Value {
        let now = self.environment.now();
        let lines = self.hub.overview().into_iter().map(|seen| Line { stream: self.streams.of(seen.id), seen });
        let mut lines: Vec<_> = lines.collect();
        let total = lines.len();
        // Stable, so that subscribers that are alike stay in the order of their ids.
        match sort {
            Sort::Waiting => lines.sort_by_key(|line| std::cmp::Reverse(line.seen.counts.waiting)),
            // A time of publication that is earlier is an older event; those that wait for none come last.
            Sort::Age => lines.sort_by_key(|line| line.seen.oldest.unwrap_or(Duration::MAX)),
            Sort::Dropped => lines.sort_by_key(|line| std::cmp::Reverse(line.seen.counts.dropped.total())),
            Sort::Since => lines.sort_by_key(|line| line.stream.map_or(Duration::MAX, |stream| stream.since)),
        }
        let listed: Vec<_> = lines.iter().take(limit).map(|line| line.to_json(now)).collect();
        json!({ "total": total, "subscribers": listed })
    }
}

impl Line {
    fn to_json(&self, now: Duration) -> Value {
        let Self { seen, stream } = self;
        let counts = &seen.counts;
        let seconds_since = |time: Duration| now.saturating_sub(time).as_secs_f64();
        let lost = counts.dropped.by_reason().into_iter().filter(|(_, lost)| *lost > 0);
        let dropped: Map<_, _> = lost.map(|(reason, lost)| (reason.name().to_owned(), lost.into())).collect();
        let wanted = seen.wanted();
        let topics: Vec<_> = wanted.iter().take(TOPICS_LISTED).map(|pattern| pattern.as_str()).collect();
        json!({
            "id": seen.id.0,
            "transport": seen.label,
            "address": stream.map(|stream| stream.peer.to_string()),
            "open_seconds": stream.map(|stream| seconds_since(stream.since)),
            "topics": topics,
            "topics_total": wanted.len(),
            "waiting": counts.waiting,
            "in_flight": counts.in_flight,
            "oldest_age_seconds": seen.oldest.map(seconds_since),
            "offered": counts.offered,
            "delivered": counts.delivered,
            "high_water": counts.high_water,
            "dropped": dropped,
        })
    }
}

/// The order and the number that a query asks for.
fn asked(query: &str) -> Result<(Sort, usize), String> {
    let one = |name: &str| {
        let mut values = parameters(query, name);
        match (values.next(), values.next()) {
            (value, None) => Ok(value),
            (_, Some(_)) => Err(format!("several {name} parameters: send one")),
        }
    };
    let sort = match one("sort")? {
        None => Sort::Waiting,
        Some(name) => Sort::ALL
            .into_iter()
            .find(|(other, _)| *other == name)
            .map(|(_, sort)| sort)
            .ok_or_else(|| format!("sort = {name:?}: must be waiting, age, dropped or since"))?,
    };
    let limit = match one("limit")? {
        None => LISTED,
        Some(text) => {
            let number = text.parse().ok().filter(|number| (1..=MAX_LISTED).contains(number));
            number.ok_or_else(|| format!("limit = {text:?}: must be 1 ..= {MAX_LISTED}"))?
        }
    };
    Ok((sort, limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_or_a_number_that_is_none_is_refused_in_one_line() {
        assert_eq!(asked(""), Ok((Sort::Waiting, 50)));
        assert_eq!(asked("sort=age&limit=1000"), Ok((Sort::Age, 1000)));
        for (query, why) in [
            ("sort=size", "sort = \"size\": must be waiting, age, dropped or since"),
            ("limit=0", "limit = \"0\": must be 1 ..= 1000"),
            ("limit=1001", "limit = \"1001\": must be 1 ..= 1000"),
            ("sort=age&sort=age", "several sort parameters: send one"),
        ] {
            assert_eq!(asked(query), Err(why.to_owned()));
        }
    }
}
