//! The credential of a request: an API key or a session token, from its headers.

use axum::http::{HeaderMap, StatusCode, Uri, header};

use super::refusal::refused;
use crate::keys::DenialReason;
use key_format::PREFIX;
use kit::http::{ApiError, client_ip};

/// Header bytes by the form of what they claim to be; nothing is verified yet.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Credential<'a> {
    Key(&'a [u8]),
    /// The token of a session.
    Token(&'a [u8]),
}

/// Returns the credential of a request, if it has one. Fails if it has two that differ.
pub(super) fn find(headers: &HeaderMap) -> Result<Option<Credential<'_>>, ApiError> {
    let mut found = None;
    let in_header = headers.get_all("x-api-key").iter().map(|value| value.as_bytes().trim_ascii());
    let in_header = in_header.filter(|key| !key.is_empty()).map(Credential::Key);
    let bearer = headers.get_all(header::AUTHORIZATION).iter().filter_map(|value| bearer(value.as_bytes()));
    for credential in in_header.chain(bearer) {
        if found.is_some_and(|other| other != credential) {
            let message =
                "This request has two different credentials. Send one: a key in X-API-Key, or a token in Authorization.";
            return Err(ApiError::new(StatusCode::BAD_REQUEST, "AMBIGUOUS_CREDENTIALS", message));
        }
        found = Some(credential);
    }
    Ok(found)
}

/// Returns the key or token after `Bearer`, in any case (RFC 9110, 11.1). Other schemes are ignored: a proxy that asks for a
/// password of its own leaves it in the request.
fn bearer(value: &[u8]) -> Option<Credential<'_>> {
    let (scheme, credential) = value.split_at(value.iter().position(|byte| *byte == b' ')?);
    let credential = credential.trim_ascii();
    if !scheme.eq_ignore_ascii_case(b"bearer") || credential.is_empty() {
        return None;
    }
    Some(if credential.starts_with(PREFIX.as_bytes()) { Credential::Key(credential) } else { Credential::Token(credential) })
}

/// Refuses a key or token in the query string: URLs are kept in histories and logs, so the secret is compromised.
///
/// Fails with the secret, for the audit log, and the error.
pub fn refuse_secret_in_url(uri: &Uri) -> Result<(), (String, ApiError)> {
    let Some(found) = uri.query().and_then(key_format::find_escaped) else { return Ok(()) };
    let error = if found.starts_with(PREFIX) {
        refused(DenialReason::LeakedInUrl, client_ip::UNKNOWN)
    } else {
        let message = "A token was sent in the URL, where proxies and histories keep it. Sign out, or ask for a new link, to invalidate it, and send tokens in the Authorization header or the request body.";
        ApiError::new(StatusCode::BAD_REQUEST, "CREDENTIAL_IN_URL", message)
    };
    Err((found, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use key_format::PlainSecret;
    use kit::random::Random;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().expect("a name"), value.parse().expect("a value"))).fold(
            HeaderMap::new(),
            |mut all, (name, value)| {
                let _: bool = all.append::<axum::http::HeaderName>(name, value);
                all
            },
        )
    }

    #[test]
    fn one_key_in_both_headers_is_one_credential() {
        let headers = headers(&[("x-api-key", "pck_a"), ("authorization", "bearer pck_a")]);
        assert!(matches!(find(&headers), Ok(Some(Credential::Key(b"pck_a")))));
    }

    #[test]
    fn two_different_credentials_are_ambiguous() {
        for pairs in [
            [("x-api-key", "pck_a"), ("x-api-key", "pck_b")],
            [("x-api-key", "pck_a"), ("authorization", "Bearer pck_b")],
            [("x-api-key", "pck_a"), ("authorization", "Bearer token")],
        ] {
            let refused = find(&headers(&pairs)).err().map(|error| error.code);
            assert_eq!(refused, Some("AMBIGUOUS_CREDENTIALS"));
        }
    }

    #[test]
    fn key_in_the_query_is_found_at_any_depth_of_percent_encoding() {
        let random = Random::seeded(7);
        let secret = PlainSecret::generate(|bytes| random.fill(bytes));
        let escaped: String = secret.expose().bytes().fold(String::new(), |escaped, byte| escaped + &format!("%{byte:02X}"));
        let twice = escaped.replace('%', "%25");
        let five_times = twice.replace('%', "%252525");
        let queries = [
            format!("api_key={}", secret.expose()),
            format!("a=b&{}=1", secret.expose()),
            format!("x={escaped}{twice}"),
            twice,
            format!("call=/api/v1/ops/trips%3Fexternal_id={five_times}"),
        ];
        for query in queries {
            let uri: Uri = format!("/api/v1/ops/trips?{query}").parse().expect("a URI");
            let (found, error) = refuse_secret_in_url(&uri).expect_err("refused");
            assert_eq!((found.as_str(), error.code), (secret.expose(), "CREDENTIAL_IN_URL"));
        }
        assert!(refuse_secret_in_url(&"/api/v1/ops/trips?status=draft".parse().expect("a URI")).is_ok());
    }
}
