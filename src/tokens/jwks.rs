//! A JSON Web Key Set. A set of a provider may have keys for other purposes, which are left out and named.

use std::collections::BTreeMap;

use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use super::key::{Key, KeyError, algorithm, is_usable};

/// Fewest digits of an RSA modulus in Base64: 2048 bits (RFC 7518, 3.3).
const LEAST_RSA_DIGITS: usize = 342;
/// Fewest digits of a secret in Base64: 32 bytes (RFC 7518, 3.2).
const LEAST_SECRET_DIGITS: usize = 43;

#[derive(Deserialize)]
struct Set {
    keys: Vec<BTreeMap<String, Value>>,
}

/// The keys that can be used, and why the others cannot.
pub(super) fn read(bytes: &[u8]) -> Result<(Vec<Key>, Vec<String>), KeyError> {
    let set: Set = serde_json::from_slice(bytes).map_err(|why| KeyError::Jwks(why.to_string()))?;
    let mut keys = Vec::new();
    let mut ignored = Vec::new();
    for (number, members) in (1..).zip(set.keys) {
        match key(members) {
            Ok(key) => keys.push(key),
            Err(why) => ignored.push(format!("key {number} {why}")),
        }
    }
    // Two keys of one name would make a token mean two things.
    let mut names: Vec<_> = keys.iter().filter_map(|key| key.kid.as_deref()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(KeyError::Jwks(format!("two keys have the kid {:?}", twice[0])));
    }
    Ok((keys, ignored))
}

fn key(members: BTreeMap<String, Value>) -> Result<Key, &'static str> {
    let text = |name: &str| members.get(name).and_then(Value::as_str);
    if text("use").is_some_and(|purpose| purpose != "sig") {
        return Err("is not for signatures");
    }
    // The algorithm of the key, whatever a token says.
    let of_kind = match (text("kty"), text("crv")) {
        (Some("RSA"), _) => Algorithm::RS256,
        (Some("EC"), Some("P-256")) => Algorithm::ES256,
        (Some("OKP"), Some("Ed25519")) => Algorithm::EdDSA,
        (Some("oct"), _) => Algorithm::HS256,
        _ => return Err("must be RSA, oct, EC with P-256 or OKP with Ed25519"),
    };
    if text("alg").is_some_and(|name| algorithm(name) != Some(of_kind)) {
        return Err("must be for HS256, RS256, ES256 or EdDSA");
    }
    let is_short = |name: &str, least: usize| text(name).is_none_or(|digits| digits.len() < least);
    match of_kind {
        Algorithm::RS256 if is_short("n", LEAST_RSA_DIGITS) => return Err("must have 2048 bits or more"),
        Algorithm::HS256 if is_short("k", LEAST_SECRET_DIGITS) => return Err("must have 32 bytes or more"),
        _ => {}
    }
    let kid = text("kid").map(str::to_owned);
    let jwk: Jwk = serde_json::from_value(members.into_iter().collect()).map_err(|_| "is not a JSON Web Key")?;
    let key = DecodingKey::from_jwk(&jwk).ok().filter(|key| is_usable(of_kind, key)).ok_or("is not a valid key")?;
    Ok(Key { kid, algorithm: of_kind, key })
}
