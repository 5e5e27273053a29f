//! The method, URL and headers of a call.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use key_format::find_secret;
use url::{Host, Url};

use crate::cli::output::{self, Failure};

/// The path below which the calls of the API are.
const ROOT: &str = "/api/v1/";

/// The path below which others are taken as they are, and paths outside the API.
const AS_IT_IS: &str = "/api/";
const OUTSIDE: [&str; 2] = ["/health", "/readiness"];

/// Headers with credentials, which come from a file or the environment only.
const CREDENTIALS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "x-api-key"];

/// Headers that belong to the connection, and those with flags of their own.
const RESERVED: [&str; 5] = ["connection", "content-length", "host", "idempotency-key", "transfer-encoding"];

/// The longest time for an answer.
const LONGEST: Duration = Duration::from_hours(1);

/// Parses a method in any case.
pub(super) fn method(text: &str) -> Result<Method, String> {
    match text.to_ascii_uppercase().as_str() {
        "GET" => Ok(Method::GET),
        "HEAD" => Ok(Method::HEAD),
        "POST" => Ok(Method::POST),
        "PUT" => Ok(Method::PUT),
        "PATCH" => Ok(Method::PATCH),
        "DELETE" => Ok(Method::DELETE),
        "OPTIONS" => Ok(Method::OPTIONS),
        _ => Err("expected GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS".to_owned()),
    }
}

/// Parses a name and a value, which may be empty.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

pub(super) fn header(text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let wrong = || "expected NAME:VALUE, of ASCII characters".to_owned();
    let (name, value) = text.split_once(':').ok_or_else(wrong)?;
    let name = HeaderName::from_bytes(name.trim().as_bytes()).map_err(|_| wrong())?;
    Ok((name, HeaderValue::from_str(value.trim()).map_err(|_| wrong())?))
}

/// Parses the time for an answer.
pub(super) fn timeout(text: &str) -> Result<Duration, String> {
    let time = output::duration(text)?;
    let is_possible = !time.is_zero() && time <= LONGEST;
    if is_possible { Ok(time) } else { Err("expected 1s to 1h".to_owned()) }
}

/// Returns the headers of a call, if they have no credential.
pub(super) fn headers(given: &[(HeaderName, HeaderValue)]) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in given {
        let text = value.to_str().unwrap_or_default();
        if CREDENTIALS.contains(&name.as_str()) || find_secret(text).is_some() {
            return Err(Failure::usage("-H has no credentials, as arguments are visible to others: use --key-file"));
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(Failure::usage(format!("-H {name} cannot be set: this command sends it itself")));
        }
        headers.append(name.clone(), value.clone());
    }
    Ok(headers)
}

/// Returns the URL of a call. The path and the query cannot lead to another server, nor out of the API.
pub(super) fn url(base: &str, path: &str, query: &[(String, String)]) -> Result<Url, Failure> {
    if find_secret(base).is_some() {
        return Err(Failure::usage("--url: expected the address of the server, which has no key or token in it"));
    }
    let base = server(base)?;
    if path.contains("://") || path.contains('#') {
        return Err(Failure::usage("PATH: expected a path such as /ops/trips; --url names the server"));
    }
    let secret = find_secret(path).or_else(|| query.iter().find_map(|(name, value)| find_secret(value).or(find_secret(name))));
    if secret.is_some() {
        return Err(Failure::usage("a key or token does not belong into a URL, where logs keep it: use --key-file"));
    }
    let path_alone = path.split('?').next().unwrap_or_default();
    // They would be resolved, so that an id which is not encoded leads to something else.
    let is_dotted =
        path_alone.split(['/', '\\']).any(|part| matches!(part.to_lowercase().replace("%2e", ".").as_str(), "." | ".."));
    if is_dotted || path.contains(char::is_control) {
        return Err(Failure::usage("PATH: encode . and .. as parts of a path, and control characters"));
    }
    let path = if OUTSIDE.contains(&path_alone) || path.starts_with(AS_IT_IS) {
        path.to_owned()
    } else {
        format!("{ROOT}{}", path.trim_start_matches('/'))
    };
    let outside = || Failure::usage("PATH: expected a path of the API, such as /ops/trips");
    let mut url = base.join(&path).map_err(|_| outside())?;
    let is_of_the_api = url.path().starts_with(AS_IT_IS) || OUTSIDE.contains(&url.path());
    if url.origin() != base.origin() || !is_of_the_api {
        return Err(outside());
    }
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    Ok(url)
}

/// Parses the address of a server.
fn server(text: &str) -> Result<Url, Failure> {
    let wrong = || Failure::usage("--url: expected the address of the server without a path, such as https://planes.example.com");
    let url = Url::parse(text).map_err(|_| wrong())?;
    let is_bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let has_user = !url.username().is_empty() || url.password().is_some();
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    if is_web && is_bare && !has_user { Ok(url) } else { Err(wrong()) }
}

/// Returns whether others cannot read the request on its way: it is encrypted, or stays on this machine.
pub(super) fn is_private_on_the_way(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    };
    url.scheme() == "https" || is_here
}

#[cfg(test)]
mod tests {
    use super::*;

    const SERVER: &str = "https://planes.example.com";

    fn of(path: &str) -> Result<String, String> {
        url(SERVER, path, &[]).map(|url| url.to_string()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn path_is_below_the_version_of_the_api() {
        for (path, expected) in [
            ("/ops/trips", "/api/v1/ops/trips"),
            ("ops/trips?status=scheduled", "/api/v1/ops/trips?status=scheduled"),
            ("/api/v1/ops/trips", "/api/v1/ops/trips"),
            ("/health", "/health"),
            ("health", "/api/v1/health"),
            ("//other.example/x", "/api/v1/other.example/x"),
            ("/\\other.example/x", "/api/v1//other.example/x"),
            ("/ops/trips/by-external-id/A B", "/api/v1/ops/trips/by-external-id/A%20B"),
        ] {
            assert_eq!(of(path), Ok(format!("{SERVER}{expected}")), "{path}");
        }
    }

    #[test]
    fn path_leads_neither_to_another_server_nor_out_of_the_api() {
        for path in ["https://other.example/api/v1/x", "/../../settings", "/api/../settings", "/ops/trips#top", "/api/%2e%2e/x"] {
            assert!(of(path).is_err(), "{path}: {:?}", of(path));
        }
        for host in ["planes.example.com", "ftp://a.example", "https://me:secret@a.example", "https://a.example/api/v1"] {
            let refused = url(host, "/ops/trips", &[]).expect_err("refused").to_string();
            assert!(refused.starts_with("--url: expected") && !refused.contains("secret"), "{host}: {refused}");
        }
    }

    #[test]
    fn parameters_are_encoded_and_added_to_those_of_the_path() {
        let query = [("date_from", "2026-12-01T00:00:00+01:00"), ("client", "A & B")];
        let query = query.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let url = url(SERVER, "/ops/trips?page_size=2", &query).expect("a URL");
        assert_eq!(url.query(), Some("page_size=2&date_from=2026-12-01T00%3A00%3A00%2B01%3A00&client=A+%26+B"));
    }

    #[test]
    fn secrets_are_refused_in_urls_and_headers() {
        let random = kit::random::Random::seeded(1);
        let secret = key_format::PlainSecret::generate(|bytes| random.fill(bytes)).expose().to_owned();
        let as_path = of(&format!("/ops/trips?api_key={secret}")).expect_err("refused");
        let as_value = url(SERVER, "/ops/trips", &[("key".to_owned(), secret.clone())]).expect_err("refused").to_string();
        let named = |name: &str| header(&format!("{name}: {secret}")).expect("a header");
        let as_header = headers(&[named("X-Other")]).expect_err("refused").to_string();
        let as_credential = headers(&[header("Authorization: Basic YTpi").expect("a header")]).expect_err("refused").to_string();
        for refused in [as_path, as_value, as_header, as_credential] {
            assert!(refused.contains("--key-file") && !refused.contains(&secret), "{refused}");
        }
        assert!(headers(&[header("Host: other.example").expect("a header")]).is_err());
    }

    #[test]
    fn only_tls_and_this_machine_are_private() {
        for (address, is_private) in [
            ("https://planes.example.com", true),
            ("http://127.0.0.1:8080", true),
            ("http://[::1]:8080", true),
            ("http://localhost:8080", true),
            ("http://planes.example.com", false),
            ("http://10.0.0.1:8080", false),
            ("http://localhost.example.com", false),
        ] {
            assert_eq!(is_private_on_the_way(&server(address).expect("an address")), is_private, "{address}");
        }
    }
}
