//! The claims of a token whose signature is right.

use std::time::Duration;

use serde::Deserialize;

use super::Grant;
use crate::denial::Denial;
use crate::topic::Pattern;

/// How far the clock of the party that signs may be ahead. Without it a token that was just made could be refused.
const CLOCKS_DIFFER: Duration = Duration::from_secs(5);

/// The claims that mean something here. Other claims are ignored, as RFC 7519 asks for.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    exp: Option<f64>,
    nbf: Option<f64>,
    aud: Option<Audience>,
    #[serde(default)]
    subscribe: Vec<String>,
    #[serde(default)]
    publish: Vec<String>,
    #[serde(default)]
    admin: bool,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Claims {
    /// Checks the times and the audience, and reads the patterns.
    pub(super) fn grant(self, audience: Option<&str>, now: Duration) -> Result<Grant, Denial> {
        // A token without an end would be valid for ever once it has leaked.
        let expires_at = date(self.exp.ok_or(Denial::Claims)?)?;
        if now >= expires_at {
            return Err(Denial::Expired);
        }
        if let Some(begins) = self.nbf
            && date(begins)? > now + CLOCKS_DIFFER
        {
            return Err(Denial::NotYetValid);
        }
        check_audience(self.aud.as_ref(), audience)?;
        Ok(Grant {
            subscribe: patterns(&self.subscribe)?,
            publish: patterns(&self.publish)?,
            is_admin: self.admin,
            expires_at,
        })
    }
}

fn date(seconds: f64) -> Result<Duration, Denial> {
    Duration::try_from_secs_f64(seconds).map_err(|_| Denial::Claims)
}

fn patterns(texts: &[String]) -> Result<Vec<Pattern>, Denial> {
    texts.iter().map(|text| Pattern::new(text).map_err(|_| Denial::Claims)).collect()
}

/// A token that says whom it is for is refused by everybody else (RFC 7519, 4.1.3), also by a server without a name.
fn check_audience(named: Option<&Audience>, own: Option<&str>) -> Result<(), Denial> {
    let is_own = |name: &String| Some(name.as_str()) == own;
    let fits = match named {
        None => own.is_none(),
        Some(Audience::One(name)) => is_own(name),
        Some(Audience::Several(names)) => names.iter().any(is_own),
    };
    if fits { Ok(()) } else { Err(Denial::Audience) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1000);

    fn read(text: &str, audience: Option<&str>) -> Result<Grant, Denial> {
        serde_json::from_str::<Claims>(text).map_err(|_| Denial::Claims)?.grant(audience, NOW)
    }

    #[test]
    fn a_token_ends_at_its_second_and_begins_at_most_five_before_its_own() {
        for (claims, why) in [
            (r#"{"exp":1001}"#, None),
            (r#"{"exp":1000.5}"#, None),
            (r#"{"exp":1000}"#, Some(Denial::Expired)),
            (r#"{"exp":0}"#, Some(Denial::Expired)),
            (r#"{"exp":2000,"nbf":1005}"#, None),
            (r#"{"exp":2000,"nbf":1006}"#, Some(Denial::NotYetValid)),
            ("{}", Some(Denial::Claims)),
            (r#"{"exp":"2000"}"#, Some(Denial::Claims)),
            (r#"{"exp":-1}"#, Some(Denial::Claims)),
            (r#"{"exp":1e300}"#, Some(Denial::Claims)),
        ] {
            assert_eq!(read(claims, None).err(), why, "{claims}");
        }
    }

    #[test]
    fn a_token_for_another_audience_is_refused_and_so_is_one_for_none_where_the_server_has_a_name() {
        for (claims, own, fits) in [
            (r#"{"exp":2000}"#, None, true),
            (r#"{"exp":2000}"#, Some("hub"), false),
            (r#"{"exp":2000,"aud":"hub"}"#, Some("hub"), true),
            (r#"{"exp":2000,"aud":["other","hub"]}"#, Some("hub"), true),
            (r#"{"exp":2000,"aud":["other"]}"#, Some("hub"), false),
            (r#"{"exp":2000,"aud":"hub"}"#, None, false),
        ] {
            assert_eq!(read(claims, own).is_ok(), fits, "{claims} {own:?}");
        }
    }

    #[test]
    fn lists_of_patterns_are_read_and_nothing_else_is_taken_for_one() {
        let grant =
            read(r#"{"exp":2000,"subscribe":["ingest.a","ingest.b.>"],"admin":true,"sub":"me"}"#, None).unwrap();
        assert_eq!(grant.subscribe.len(), 2);
        assert!(grant.is_admin && grant.publish.is_empty());
        for claims in [
            r#"{"exp":2000,"subscribe":"ingest.a"}"#,
            r#"{"exp":2000,"subscribe":["a..b"]}"#,
            r#"{"exp":2000,"publish":[1]}"#,
            r#"{"exp":2000,"admin":"yes"}"#,
        ] {
            assert_eq!(read(claims, None).err(), Some(Denial::Claims), "{claims}");
        }
    }
}
