//! The host names that this server accepts, as protection against DNS rebinding: another site whose name resolves to this
//! server would otherwise reach pages and metrics through the browser of somebody in this network.
//!
//! Pages accept the host of the public URL, those of `--allowed-hosts`, localhost and literal addresses, which no name server
//! can point elsewhere. A trusted proxy chooses the host of its own connection. Metrics on the main address are for programs
//! on this machine only.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::config::Config;
use crate::request_context::RequestContext;
use kit::http::{ApiError, Matched};

/// Headers that proxies add to a request they forward.
const FORWARDED: [&str; 4] = ["x-forwarded-for", "forwarded", "x-real-ip", "via"];

/// The middleware of all pages.
pub async fn guard_host(State(app): State<App>, request: Request, next: Next) -> Response {
    let is_known = match host(request.headers()) {
        Some(host) => is_ours(&app.config, host) || is_from_proxy(&app.config, &request),
        // Browsers always send one.
        None => true,
    };
    if is_known {
        return next.run(request).await;
    }
    Matched::tell(request.extensions());
    let message = format!(
        "This server is not known by that name. Its address is {}. Its operator can add names with --allowed-hosts.",
        app.config.public_url
    );
    ApiError::new(StatusCode::MISDIRECTED_REQUEST, "UNKNOWN_HOST", message).into_response()
}

/// The middleware of the metrics on the main address.
pub async fn guard_metrics(State(app): State<App>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_direct = !FORWARDED.iter().any(|name| headers.contains_key(*name)) && !is_from_proxy(&app.config, &request);
    let is_local = peer(&request).is_some_and(|peer| peer.is_loopback()) && host(headers).is_some_and(is_loopback);
    if is_direct && is_local {
        return next.run(request).await;
    }
    Matched::tell(request.extensions());
    let message = "Metrics are available here only to programs on this machine. Use --metrics-listen for others.";
    ApiError::new(StatusCode::NOT_FOUND, "NOT_FOUND", message).into_response()
}

fn peer(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<RequestContext>().map(RequestContext::peer)
}

fn is_from_proxy(config: &Config, request: &Request) -> bool {
    peer(request).is_some_and(|peer| config.trusted_proxies.iter().any(|block| block.contains(&peer)))
}

/// Returns the `Host` header without its port.
fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST).map(|host| without_port(host.to_str().unwrap_or("?")))
}

fn without_port(authority: &str) -> &str {
    match authority.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, rest)) if is_port(rest) => address,
        // Invalid, and so no name of this server.
        Some(_) => authority,
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    }
}

/// Returns true for nothing, and for a colon with a port.
fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

fn is_ours(config: &Config, host: &str) -> bool {
    let public = config.origin().split_once("://").map_or("", |(_, authority)| without_port(authority));
    let is_named = |name: &str| host.trim_end_matches('.').eq_ignore_ascii_case(name);
    is_named(public)
        || is_named("localhost")
        || host.parse::<IpAddr>().is_ok()
        || config.allowed_hosts.iter().any(|name| is_named(name))
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_name_and_literal_addresses_are_accepted() {
        let config = Config {
            public_url: "https://keys.skyline.example:8443/x".to_owned(),
            allowed_hosts: vec!["plane.lan".to_owned()],
            ..Config::default()
        };
        for known in [
            "keys.skyline.example",
            "KEYS.skyline.example.:8443",
            "localhost:8080",
            "127.0.0.1:8080",
            "10.0.0.7",
            "[::1]:8080",
            "[2001:db8::1]",
            "plane.lan:80",
        ] {
            assert!(is_ours(&config, without_port(known)), "{known}");
        }
        for foreign in [
            "evil.example",
            "skyline.example",
            "localhost.evil.example:8080",
            "127.0.0.1.evil.example",
            "[::1].evil.example",
            "[::1].evil.example:8080",
            "[::1]:8080.evil.example",
            "[::1]evil.example",
            "",
            "[",
            "?",
        ] {
            assert!(!is_ours(&config, without_port(foreign)), "{foreign}");
        }
    }

    #[test]
    fn only_loopback_names_are_accepted_as_local() {
        for local in ["localhost", "127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"] {
            assert!(is_loopback(local), "{local}");
        }
        for other in ["10.0.0.7", "keys.skyline.example", "0.0.0.0", ""] {
            assert!(!is_loopback(other), "{other}");
        }
    }
}
