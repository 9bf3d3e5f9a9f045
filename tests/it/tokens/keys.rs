//! Keys of a server: each checks tokens of its own algorithm, and a bad file is refused.

use super::*;

#[tokio::test]
async fn every_kind_of_key_checks_tokens_of_its_own_algorithm_alone() {
    let private = [
        ("rsa", Algorithm::RS256, EncodingKey::from_rsa_pem(&key("rsa")).unwrap()),
        ("ec", Algorithm::ES256, EncodingKey::from_ec_pem(&key("ec")).unwrap()),
        ("ed", Algorithm::EdDSA, EncodingKey::from_ed_pem(&key("ed")).unwrap()),
    ];
    for (name, algorithm, signing) in &private {
        let public = key(&format!("{name}.pub"));
        let served = keyed(&public, ServerSettings::default());
        let good = signed(&Header::new(*algorithm), &everything(), signing);
        assert_eq!(ask(&served, Method::POST, "/v1/ingest/t", Some(&good)).await.status(), 202, "{name}");
        // The public key is known to everybody: as the secret of an HMAC it must be worth nothing.
        let confused = EncodingKey::from_secret(&public).unwrap();
        let confused = signed(&Header::new(Algorithm::HS256), &everything(), &confused);
        assert_eq!(ask(&served, Method::POST, "/v1/ingest/t", Some(&confused)).await.status(), 401, "{name}");
        for (_, other, signing) in private.iter().filter(|(other, ..)| other != name) {
            let other = signed(&Header::new(*other), &everything(), signing);
            assert_eq!(ask(&served, Method::POST, "/v1/ingest/t", Some(&other)).await.status(), 401, "{name}");
        }
    }
    let both = [key("rsa.pub"), key("ed.pub")].concat();
    let served = keyed(&both, ServerSettings::default());
    for (name, algorithm, signing) in &private {
        let token = signed(&Header::new(*algorithm), &everything(), signing);
        let status = ask(&served, Method::POST, "/v1/ingest/t", Some(&token)).await.status();
        assert_eq!(status.as_u16(), if *name == "ec" { 401 } else { 202 }, "{name}");
    }
}

/// A JWKS of two secrets and of a key for another purpose.
fn jwks() -> Vec<u8> {
    let secret = |kid: &str, k: &str| json!({ "kty": "oct", "kid": kid, "alg": "HS256", "k": k });
    let encryption = json!({ "kty": "RSA", "use": "enc", "kid": "c", "n": "x", "e": "AQAB" });
    let keys =
        json!({ "keys": [secret("a", &"A".repeat(43)), secret("b", &format!("{}A", "B".repeat(42))), encryption] });
    keys.to_string().into_bytes()
}

#[tokio::test]
async fn a_token_that_names_a_key_of_a_set_is_checked_with_that_key_alone() {
    let served = keyed(&jwks(), ServerSettings::default());
    let sign = |kid: Option<&str>, key: &[u8]| {
        let header = Header { kid: kid.map(str::to_owned), ..Header::new(Algorithm::HS256) };
        signed(&header, &everything(), &EncodingKey::from_secret(key).unwrap())
    };
    let zeros = [0; 32];
    for (kid, status, reason) in [
        (Some("a"), 202, ""),
        (None, 202, ""),
        (Some("b"), 401, "the signature of the token is wrong"),
        (Some("c"), 401, "the token names a key that the server does not have"),
        (Some("z"), 401, "the token names a key that the server does not have"),
    ] {
        let answer = ask(&served, Method::POST, "/v1/ingest/t", Some(&sign(kid, &zeros))).await;
        assert_eq!(answer.status(), status, "{kid:?}");
        assert!(answer.text().await.unwrap().contains(reason), "{kid:?}");
    }
}

#[test]
fn a_file_without_usable_keys_is_refused_in_one_line() {
    let secret = |kid: &str| json!({ "kty": "oct", "kid": kid, "k": "A".repeat(43) });
    let many: Vec<_> = (0..17).map(|n| secret(&n.to_string())).collect();
    for (file, why) in [
        (b"".to_vec(), "0 bytes long: must be 1 ..= 1048576"),
        (b"short\n".to_vec(), "a secret of 5 bytes: must be at least 32, or a JWKS, or public keys in PEM"),
        (vec![b'x'; (1 << 20) + 1], "1048577 bytes long: must be 1 ..= 1048576"),
        (format!("{SECRET}\n{SECRET}\n").into(), "neither a JWKS nor PEM, and a secret must be one line"),
        (key("rsa"), "block 1: a private key: only the party that signs may have it, so give its public key"),
        (key("p384.pub"), "block 1: must be a public key of RSA from 2048 bits, P-256 or Ed25519"),
        (key("rsa1024.pub"), "block 1: must be a public key of RSA from 2048 bits, P-256 or Ed25519"),
        ([key("rsa.pub"), b"-----BEGIN PUBLIC KEY-----\nAAAA\n".to_vec()].concat(), "block 2: must be a public key of"),
        (b"-----BEGIN CERTIFICATE-----\n".to_vec(), "block 1: must be a PUBLIC KEY"),
        (b"{".to_vec(), "not a JWKS: EOF while parsing an object at line 1 column 1"),
        (b"{\"keys\":1}".to_vec(), "not a JWKS: invalid type: integer `1`"),
        (b"{\"keys\":[]}".to_vec(), "no key that can be used: "),
        (
            json!({ "keys": [{ "kty": "EC", "crv": "P-384" }, { "kty": "oct", "k": "AAAA" }] }).to_string().into(),
            "no key that can be used: key 1 must be RSA, oct, EC with P-256 or OKP with Ed25519; key 2 must have 32 bytes",
        ),
        (json!({ "keys": [secret("a"), secret("a")] }).to_string().into(), "not a JWKS: two keys have the kid \"a\""),
        (json!({ "keys": many }).to_string().into(), "17 keys: must be at most 16"),
        (
            json!({ "keys": [{ "kty": "oct", "alg": "HS512", "k": "A".repeat(86) }] }).to_string().into(),
            "no key that can be used: key 1 must be for HS256, RS256, ES256 or EdDSA",
        ),
    ] {
        let said = TokenKeys::read(&file).unwrap_err().to_string();
        assert!(said.starts_with(why) && said.lines().count() == 1, "{said}");
    }
    let set = TokenKeys::read(&jwks()).unwrap();
    assert_eq!((set.count(), set.ignored()), (2, &["key 3 is not for signatures".to_owned()][..]));
    assert!(!format!("{set:?}").contains("AAAA"));
}

#[tokio::test]
async fn keys_are_replaced_while_the_server_runs() {
    let tokens = Tokens::new(TokenKeys::read(SECRET.as_bytes()).unwrap(), None);
    let settings = ServerSettings { tokens: Some(tokens.clone()), ..ServerSettings::default() };
    let served = Served::start(Setup { settings, ..Setup::default() });
    let token = token(everything());
    assert_eq!(ask(&served, Method::POST, "/v1/ingest/t", Some(&token)).await.status(), 202);
    tokens.replace(TokenKeys::read(&key("ed.pub")).unwrap());
    assert_eq!(ask(&served, Method::POST, "/v1/ingest/t", Some(&token)).await.status(), 401);
}
