//! Failures of an outbound request.

use std::error::Error;
use std::io;

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
                return Self::Tls(tls.to_string());
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
