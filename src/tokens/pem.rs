//! Public keys in PEM, one after the other.

use jsonwebtoken::{Algorithm, DecodingKey};

use super::key::{Key, KeyError, is_usable};

const BEGIN: &str = "-----BEGIN ";
const DASHES: &str = "-----";

/// Fewest bytes of an RSA key in DER: a modulus of 2048 bits (RFC 7518, 3.3).
const LEAST_RSA_BYTES: usize = 256;

pub(super) fn read(bytes: &[u8]) -> Result<Vec<Key>, KeyError> {
    let wrong = |number, why: &str| KeyError::Pem { number, why: why.to_owned() };
    let text = std::str::from_utf8(bytes).map_err(|_| wrong(1, "not a text"))?;
    let mut keys = Vec::new();
    // The part in front of the first block is white space: the caller has looked.
    for (number, block) in (1..).zip(text.split(BEGIN).skip(1)) {
        let (label, _) = block.split_once(DASHES).ok_or_else(|| wrong(number, "has no end of its first line"))?;
        if label.contains("PRIVATE") {
            return Err(wrong(number, "a private key: only the party that signs may have it, so give its public key"));
        }
        if !["PUBLIC KEY", "RSA PUBLIC KEY"].contains(&label) {
            return Err(wrong(number, "must be a PUBLIC KEY"));
        }
        let key = public(format!("{BEGIN}{block}").as_bytes());
        keys.push(key.ok_or_else(|| wrong(number, "must be a public key of RSA from 2048 bits, P-256 or Ed25519"))?);
    }
    Ok(keys)
}

/// The key of one block, of the kind that it is.
fn public(block: &[u8]) -> Option<Key> {
    let rsa = DecodingKey::from_rsa_pem(block).ok();
    // The library takes RSA keys of any size.
    let rsa = rsa.filter(|key| key.try_get_as_bytes().is_ok_and(|der| der.len() > LEAST_RSA_BYTES));
    let rsa = rsa.map(|key| (Algorithm::RS256, key));
    let ec = || DecodingKey::from_ec_pem(block).ok().map(|key| (Algorithm::ES256, key));
    let ed = || DecodingKey::from_ed_pem(block).ok().map(|key| (Algorithm::EdDSA, key));
    let (algorithm, key) = rsa.or_else(ec).or_else(ed)?;
    // A key of another curve is found here.
    is_usable(algorithm, &key).then_some(Key { kid: None, algorithm, key })
}
