// Cargo.toml: ring = "0.17", data-encoding = "2", http = "1"

/// Fails unless the request comes from PlaneConnection. `body` has the bytes as they arrived.
pub fn verify(secret: &str, headers: &http::HeaderMap, body: &[u8]) -> Result<(), Box<dyn std::error::Error>> {
    let key = match secret.strip_prefix("whsec_") {
        Some(encoded) => data_encoding::BASE64.decode(encoded.as_bytes())?,
        None => secret.as_bytes().to_vec(),
    };
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (event, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_secs();
    if now.abs_diff(timestamp.parse()?) > 300 {
        return Err("the request is too old".into());
    }
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &key);
    let signed = [format!("{event}.{timestamp}.").as_bytes(), body].concat();
    // During a rotation there are two signatures. The comparison takes the same time for each.
    let fits = |given: &str| {
        let signature = given.strip_prefix("v1,").and_then(|given| data_encoding::BASE64.decode(given.as_bytes()).ok());
        signature.is_some_and(|signature| ring::hmac::verify(&key, &signed, &signature).is_ok())
    };
    if header("webhook-signature").split(' ').any(fits) { Ok(()) } else { Err("no signature fits".into()) }
}
