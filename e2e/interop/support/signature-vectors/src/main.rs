//! What the original's own library (kanade-shared 0.101.0) finds of the vectors in the file that the argument names: one line of
//! `form state` for each, in order. Its agent maps the library's answers to these names.
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kanade_shared::signing::{KeyPolicy, KeyRing, SigHeaders, VerifyError, verify};
use kanade_shared::wire::{Command, EnvelopeError, verify_envelope};
use serde_json::Value;

fn ring_of(entries: &Value) -> KeyRing {
    let mut ring = KeyRing::new();
    for entry in entries.as_array().unwrap() {
        let raw = STANDARD.decode(entry["public_key"].as_str().unwrap()).unwrap();
        let key = ed25519_dalek::VerifyingKey::from_bytes(&raw.try_into().unwrap()).unwrap();
        let policy = match entry["max_age_secs"].as_u64() {
            Some(secs) => KeyPolicy::break_glass("", std::time::Duration::from_secs(secs)),
            None => KeyPolicy::backend(""),
        };
        ring.insert(entry["kid"].as_str().unwrap(), key, policy);
    }
    ring
}

fn state_of(error: &VerifyError, ring: &KeyRing) -> &'static str {
    match error {
        VerifyError::Unsigned => "absent",
        VerifyError::UnknownKid { .. } if ring.is_empty() => "unprovisioned",
        VerifyError::UnknownKid { .. } => "unknown_key",
        VerifyError::Stale { .. } => "stale",
        _ => "invalid",
    }
}

fn envelope_state(error: &EnvelopeError, ring: &KeyRing) -> &'static str {
    match error {
        EnvelopeError::Signature(error) => state_of(error, ring),
        EnvelopeError::ClockAhead { .. } => "clock_ahead",
        EnvelopeError::Expired { .. } | EnvelopeError::KeyAgeExceeded { .. } => "expired",
        EnvelopeError::Misaddressed { .. } => "misaddressed",
        _ => "envelope_rejected",
    }
}

fn main() {
    let path = std::env::args().nth(1).expect("the file of the vectors");
    let vectors: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let pc_id = vectors["pc_id"].as_str().unwrap();
    for case in vectors["cases"].as_array().unwrap() {
        let ring = ring_of(&vectors["rings"][case["ring"].as_str().unwrap()]);
        let body = STANDARD.decode(case["body"].as_str().unwrap()).unwrap();
        let header = |name: &str| case["headers"].get(name).map(|value| value.as_str().unwrap().to_owned());
        let headers = SigHeaders {
            sig_b64: header("Kanade-Sig"),
            kid: header("Kanade-Sig-Kid"),
            alg: header("Kanade-Sig-Alg"),
            at_ms: header("Kanade-Sig-At"),
        };
        let now_ms = case["now_ms"].as_i64().unwrap();
        let kind = match serde_json::from_slice::<Value>(&body) {
            Ok(Value::Object(object)) => object.get("kind").cloned(),
            _ => None,
        };
        match kind {
            None => {
                // Its agent reads the command first, and says nothing of the signature of one that it can't read.
                let read = serde_json::from_slice::<Command>(&body).is_ok();
                let state = match verify(&ring, &body, &headers, now_ms) {
                    Ok(_) => "ok",
                    Err(error) => state_of(&error, &ring),
                };
                println!("plain {state}{}", if read { "" } else { " unread" });
            }
            Some(kind) if kind.as_str() != Some("kanade.command.v2") => println!("unknown"),
            Some(_) => {
                let now = chrono::DateTime::from_timestamp_millis(now_ms).unwrap();
                let state = match verify_envelope(&ring, &body, &headers, pc_id, now) {
                    Ok(_) => "ok",
                    Err(error) => envelope_state(&error, &ring),
                };
                println!("envelope {state}");
            }
        }
    }
}
