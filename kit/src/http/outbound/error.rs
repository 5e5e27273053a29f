//! Failures of an outbound request.

use std::error::Error;
use std::io;

use jiff::Timestamp;
use rustls::pki_types::UnixTime;
use rustls::{AlertDescription, CertificateError};

use super::guard::{ForbiddenAddress, RefusedUrl};

/// The reason why there is no response, in one sentence for the operator of the receiver.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    #[error(transparent)]
    Url(#[from] RefusedUrl),
    #[error(transparent)]
    Address(#[from] ForbiddenAddress),
    /// DNS, or the connection.
    #[error("no connection: {0}")]
    Connect(String),
    #[error("TLS: {0}")]
    Tls(String),
    #[error("no complete response in time")]
    Timeout,
    /// The connection was closed early, or what arrived is not HTTP.
    #[error("no valid response: {0}")]
    Protocol(String),
}

impl OutboundError {
    /// Finds the cause among the sources of an error of the client.
    pub(super) fn from_client(error: hyper_util::client::legacy::Error) -> Self {
        let mut source: Option<&(dyn Error + 'static)> = Some(&error);
        let mut last = String::new();
        while let Some(cause) = source {
            if let Some(forbidden) = cause.downcast_ref::<ForbiddenAddress>() {
                return Self::Address(*forbidden);
            }
            if let Some(tls) = inner_tls(cause) {
                return Self::Tls(tls_sentence(tls));
            }
            if cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut) {
                return Self::Timeout;
            }
            last = cause.to_string();
            source = cause.source();
        }
        if error.is_connect() { Self::Connect(last) } else { Self::Protocol(last) }
    }
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
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the certificate is not valid yet".to_owned()
        }
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
