//! Failures of an outbound request.

use std::error::Error;
use std::io;
use std::time::Duration;

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};

use super::guard::{ForbiddenAddress, RefusedUrl};
use super::pools::MAX_HEAD;
use super::resolver::{DnsFailure, seconds};

/// The reason why there is no response, in one sentence for the operator of the receiver.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    #[error(transparent)]
    Url(#[from] RefusedUrl),
    #[error(transparent)]
    Address(#[from] ForbiddenAddress),
    #[error(transparent)]
    Dns(#[from] DnsFailure),
    #[error("no connection: {0}")]
    Connect(String),
    #[error("no connection within {}", seconds(*.0))]
    NoConnection(Duration),
    #[error("TLS: {0}")]
    Tls(String),
    #[error("no answer within {}", seconds(*.0))]
    NoAnswer(Duration),
    /// The head of the response arrived, and the part of the body that is read did not.
    #[error("no complete answer within {}", seconds(*.0))]
    Incomplete(Duration),
    /// The connection was closed early, or what arrived is not HTTP.
    #[error("no valid response: {0}")]
    Protocol(String),
}

impl OutboundError {
    /// Finds the cause among the sources of an error of the client.
    pub(super) fn from_client(error: hyper_util::client::legacy::Error, connect_timeout: Duration) -> Self {
        for cause in causes(&error) {
            match cause.downcast_ref::<Self>() {
                Some(Self::Address(forbidden)) => return Self::Address(*forbidden),
                Some(Self::Dns(failure)) => return Self::Dns(failure.clone()),
                _ => {}
            }
        }
        if !error.is_connect() {
            return match causes(&error).find_map(|cause| cause.downcast_ref()) {
                Some(error) => Self::from_response(error),
                None => Self::Protocol(innermost(&error)),
            };
        }
        match causes(&error).find_map(inner_tls) {
            Some(tls) => Self::Tls(tls_sentence(tls)),
            None => match causes(&error).find_map(io_kind) {
                Some(io::ErrorKind::TimedOut) => Self::NoConnection(connect_timeout),
                // A TCP connection has no end before it is there.
                Some(io::ErrorKind::UnexpectedEof) => {
                    Self::Tls("the server closed the connection during the handshake".to_owned())
                }
                _ => Self::Connect(innermost(&error)),
            },
        }
    }

    /// Describes why a response, or the rest of one, cannot be read.
    pub(super) fn from_response(error: &hyper::Error) -> Self {
        // A server that asks for a certificate refuses the connection after the handshake.
        if let Some(tls) = causes(error).find_map(inner_tls) {
            return Self::Tls(tls_sentence(tls));
        }
        Self::Protocol(if error.is_timeout() {
            "the server stopped answering".to_owned()
        } else if error.is_parse_too_large() {
            format!("its headers are too many, or longer than {} KiB", MAX_HEAD / 1024)
        } else if error.is_incomplete_message() || error.is_closed() || error.is_canceled() || is_early_end(error) {
            "the server closed the connection before the end of it".to_owned()
        } else if error.is_parse() {
            format!("what arrived is not HTTP ({error})")
        } else {
            innermost(error)
        })
    }
}

/// Returns whether a server of HTTP/2 says that it has not processed a request, so that it can be sent again (RFC 9113, 8.7).
pub(super) fn is_unprocessed(error: &hyper_util::client::legacy::Error) -> bool {
    let says_so = |error: &h2::Error| match error.reason() {
        Some(h2::Reason::REFUSED_STREAM) => error.is_remote() && error.is_reset(),
        Some(h2::Reason::NO_ERROR) => error.is_remote() && error.is_go_away(),
        _ => false,
    };
    causes(error).filter_map(|cause| cause.downcast_ref::<h2::Error>()).any(says_so)
}

/// Returns an error and its sources.
fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let mut next = Some(error);
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}

/// Returns the kind of an I/O error. Those that wrap another do not name it as their source.
fn io_kind(cause: &(dyn Error + 'static)) -> Option<io::ErrorKind> {
    let mut found = cause.downcast_ref::<io::Error>()?;
    while let Some(inner) = found.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>()) {
        found = inner;
    }
    Some(found.kind())
}

fn is_early_end(error: &hyper::Error) -> bool {
    causes(error).find_map(io_kind) == Some(io::ErrorKind::UnexpectedEof)
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    causes(error).last().map(ToString::to_string).unwrap_or_default()
}

/// Finds an error of TLS in I/O errors, which do not name the error that they wrap as their source.
fn inner_tls<'a>(mut cause: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    loop {
        if let Some(tls) = cause.downcast_ref() {
            return Some(tls);
        }
        cause = cause.downcast_ref::<io::Error>()?.get_ref()?;
    }
}

/// Returns the cause of a failed handshake in the words of the operator of the receiver.
fn tls_sentence(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(certificate) => certificate_sentence(certificate),
        rustls::Error::PeerIncompatible(_) | rustls::Error::AlertReceived(AlertDescription::ProtocolVersion) => {
            "the server offers neither TLS 1.2 nor TLS 1.3 with cipher suites that are accepted".to_owned()
        }
        rustls::Error::AlertReceived(alert) => format!("the server ended the handshake: {alert:?}"),
        rustls::Error::InvalidMessage(_) => "the server does not speak TLS on this port".to_owned(),
        other => other.to_string(),
    }
}

fn certificate_sentence(error: &CertificateError) -> String {
    match error {
        CertificateError::Expired => "the certificate has expired".to_owned(),
        CertificateError::ExpiredContext { not_after, .. } => match day(*not_after) {
            Some(day) => format!("the certificate expired on {day}"),
            None => "the certificate has expired".to_owned(),
        },
        CertificateError::NotValidYet => "the certificate is not valid yet".to_owned(),
        CertificateError::NotValidYetContext { not_before, .. } => match day(*not_before) {
            Some(day) => format!("the certificate is not valid before {day}"),
            None => "the certificate is not valid yet".to_owned(),
        },
        CertificateError::NotValidForName => "the certificate is for another name".to_owned(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names = presented.iter().take(3).map(|name| presented_name(name)).collect::<Vec<_>>().join(", ");
            format!("the certificate is for {names} and not for {}", expected.to_str())
        }
        CertificateError::UnknownIssuer => {
            "the certificate is self-signed, or its authority is not known here, or an intermediate certificate is missing"
                .to_owned()
        }
        CertificateError::Revoked => "the certificate was revoked".to_owned(),
        other => format!("the certificate is not accepted: {other}"),
    }
}

/// Takes the name out of the form in which the verifier presents one: `DnsName("example.com")`.
fn presented_name(name: &str) -> &str {
    name.split_once("(\"").and_then(|(_, rest)| rest.split_once('"')).map_or(name, |(name, _)| name)
}

fn day(time: UnixTime) -> Option<String> {
    let at = Timestamp::from_second(i64::try_from(time.as_secs()).ok()?).ok()?;
    Some(at.strftime("%-d %B %Y").to_string())
}
