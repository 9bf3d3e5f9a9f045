//! What the query of a stream asks for: tables by name, and topics by pattern.

use std::borrow::Cow;

use bytes::Bytes;

use crate::event::Event;
use crate::frame::sse;
use crate::topic::{Pattern, Topic};
use crate::transport::outlet::MAX_WILDCARDS;

/// Most tables and topics that one request may name.
const MAX_NAMED: usize = 256;

/// The events that a stream is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Selection {
    pub(super) patterns: Vec<Pattern>,
    pub(super) form: Form,
}

/// The form of an event in a stream of server-sent events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The payload alone: the stream has one table.
    Plain,
    /// The payload, with the topic as the name of the event: the stream has several tables.
    Named,
    /// The envelope that a WebSocket has. A page has no listeners for topics whose names it does not know.
    Enveloped,
}

impl Form {
    /// The function that makes the chunk of an event's frame.
    pub(super) fn encode(self) -> fn(&Event) -> Bytes {
        match self {
            Self::Plain => sse::event_chunk,
            Self::Named => sse::named_event_chunk,
            Self::Enveloped => sse::enveloped_event_chunk,
        }
    }
}

impl Selection {
    /// Reads the parameters `table` and `topic` of a query; each may be there several times. Other parameters are
    /// ignored.
    ///
    /// # Errors
    /// When a table or a topic is invalid, or there are too many.
    pub(super) fn read(query: &str) -> Result<Self, String> {
        let mut tables = 0;
        let mut patterns = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let pattern = match &*name {
                "table" => {
                    tables += 1;
                    Topic::of_table(&value).map(Pattern::from).map_err(|why| format!("table: {why}"))?
                }
                "topic" => Pattern::of_tables(&value).map_err(|why| format!("topic: {why}"))?,
                _ => continue,
            };
            // Refused at the first that is too many: the rest of a long query is not read.
            if patterns.len() == MAX_NAMED {
                return Err(format!("a request names at most {MAX_NAMED} tables and topics"));
            }
            patterns.push(pattern);
        }
        let wildcards = patterns.iter().filter(|pattern| pattern.as_topic().is_none()).count();
        if wildcards > MAX_WILDCARDS {
            return Err(format!("{wildcards} topics with wildcards: a stream has at most {MAX_WILDCARDS}"));
        }
        let form = match (tables, patterns.len() - tables) {
            (..=1, 0) => Form::Plain,
            (_, 0) => Form::Named,
            _ => Form::Enveloped,
        };
        Ok(Self { patterns, form })
    }
}

/// The values of a query parameter, in order.
pub(super) fn parameters<'a>(query: &'a str, name: &str) -> impl Iterator<Item = Cow<'a, str>> {
    form_urlencoded::parse(query.as_bytes()).filter(move |(other, _)| other == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_stream_follows_from_what_it_is_asked_for() {
        for (query, patterns, form) in [
            ("", &[][..], Form::Plain),
            ("table=a&x=y", &["ingest.a"], Form::Plain),
            ("table=a&table=b", &["ingest.a", "ingest.b"], Form::Named),
            ("table=a&table=a", &["ingest.a", "ingest.a"], Form::Named),
            ("topic=ingest.a", &["ingest.a"], Form::Enveloped),
            ("table=a&topic=ingest.b.%3E", &["ingest.a", "ingest.b.>"], Form::Enveloped),
        ] {
            let patterns = patterns.iter().map(|text| Pattern::new(text).unwrap()).collect();
            assert_eq!(Selection::read(query), Ok(Selection { patterns, form }), "{query}");
        }
    }

    #[test]
    fn what_is_invalid_or_too_much_is_refused_in_one_line() {
        let tables = "table=a&".repeat(257);
        let wildcards = "topic=ingest.*&".repeat(17);
        for (query, why) in [
            ("topic=%3E", "topic: \">\" does not begin with ingest."),
            ("topic=ingest.a.>.b", "topic: \"ingest.a.>.b\" has a > that is not the last token"),
            ("table=a&table=*", "table: \"*\" has '*': a token is made of A-Z a-z 0-9 _ -"),
            (&*tables, "a request names at most 256 tables and topics"),
            (&*wildcards, "17 topics with wildcards: a stream has at most 16"),
        ] {
            assert_eq!(Selection::read(query), Err(why.to_owned()), "{query}");
        }
    }
}
