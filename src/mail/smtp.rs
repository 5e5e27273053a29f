//! The SMTP server: its URL, and a connection over which emails are sent one after another.

use std::fmt::{self, Display};
use std::str::FromStr;
use std::time::Duration;

use lettre::address::Envelope;
use lettre::message::Mailbox;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Response;
use lettre::{Address, Message};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

/// The most that one exchange with the server may take.
const EXCHANGE: Duration = Duration::from_secs(20);

/// The encryption of a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Encryption {
    /// From the first byte: `smtps://`.
    Tls,
    /// After STARTTLS, without which nothing is sent: `smtp://`.
    StartTls,
    /// None, for a server on this machine or in a closed network: `smtp://…?tls=none`.
    None,
}

/// The URL of an SMTP server: `smtps://USER:PASSWORD@HOST:PORT`.
#[derive(Clone, Debug)]
pub struct SmtpUrl {
    host: String,
    port: u16,
    encryption: Encryption,
    credentials: Option<(String, SecretString)>,
}

/// The text is no URL of an SMTP server. The error does not repeat it: it may contain the password.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotSmtpUrl {
    #[error("expected smtps://USER:PASSWORD@HOST:PORT, or smtp:// for STARTTLS, special characters percent-encoded")]
    Malformed,
    #[error("the only parameter is tls=none, with smtp://, for a server that needs no encryption")]
    Parameter,
    #[error("a password is not sent without encryption: leave out tls=none, or the user and the password")]
    PasswordInClear,
}

impl FromStr for SmtpUrl {
    type Err = NotSmtpUrl;
    fn from_str(text: &str) -> Result<Self, NotSmtpUrl> {
        let url = url::Url::parse(text).map_err(|_| NotSmtpUrl::Malformed)?;
        let is_plain = match url.query() {
            None => false,
            Some("tls=none") if url.scheme() == "smtp" => true,
            Some(_) => return Err(NotSmtpUrl::Parameter),
        };
        let (encryption, port) = match url.scheme() {
            "smtps" => (Encryption::Tls, 465),
            "smtp" if is_plain => (Encryption::None, 25),
            "smtp" => (Encryption::StartTls, 587),
            _ => return Err(NotSmtpUrl::Malformed),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(NotSmtpUrl::Malformed)?;
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(String::from).map_err(|_| NotSmtpUrl::Malformed);
        let credentials = match (url.username(), url.password()) {
            ("", None) => None,
            ("", Some(_)) | (_, None) => return Err(NotSmtpUrl::Malformed),
            (user, Some(password)) => Some((decoded(user)?, decoded(password)?.into())),
        };
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(NotSmtpUrl::Malformed);
        }
        if credentials.is_some() && encryption == Encryption::None {
            return Err(NotSmtpUrl::PasswordInClear);
        }
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port: url.port().unwrap_or(port), encryption, credentials })
    }
}

/// Without user and password.
impl Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.encryption == Encryption::Tls { "smtps" } else { "smtp" };
        write!(f, "{scheme}://{}:{}", self.host, self.port)
    }
}

/// The settings of outgoing email.
#[derive(Clone, Debug)]
pub struct MailSettings {
    pub server: SmtpUrl,
    /// The sender of every email.
    pub from: Mailbox,
    /// Certificate authorities that are trusted besides those of the system.
    pub roots: Vec<Certificate>,
    /// The most that one exchange with the server may take.
    pub timeout: Duration,
}

impl MailSettings {
    pub fn new(server: SmtpUrl, from: Mailbox) -> Self {
        Self { server, from, roots: Vec::new(), timeout: EXCHANGE }
    }
}

/// The reason why an email was not sent.
#[derive(Debug)]
pub(super) enum SendError {
    /// The server does not have it, so that it can be sent later.
    Later(String),
    /// The server refuses it for good.
    Refused(String),
    /// The server had all of it and did not say what became of it.
    Unknown(String),
}

/// A connection to the server, signed in and ready.
pub(super) struct Connection<'a> {
    smtp: AsyncSmtpConnection,
    settings: &'a MailSettings,
}

impl<'a> Connection<'a> {
    /// Connects, encrypts and signs in. Fails with a sentence for the log.
    pub(super) async fn open(settings: &'a MailSettings) -> Result<Self, String> {
        let connecting = Self::connect(settings);
        // Up to five exchanges.
        match timeout(settings.timeout * 3, connecting).await {
            Ok(connected) => connected.map(|smtp| Self { smtp, settings }).map_err(|error| describe(&error)),
            Err(_) => Err(no_answer(settings.timeout * 3)),
        }
    }

    async fn connect(settings: &MailSettings) -> Result<AsyncSmtpConnection, lettre::transport::smtp::Error> {
        let MailSettings { server, from, roots, .. } = settings;
        let hello = ClientId::Domain(from.email.domain().to_owned());
        let tls = || {
            let builder = TlsParameters::builder(server.host.clone());
            roots
                .iter()
                .cloned()
                .fold(builder, lettre::transport::smtp::client::TlsParametersBuilder::add_root_certificate)
                .build()
        };
        let wrapped = if server.encryption == Encryption::Tls { Some(tls()?) } else { None };
        let address = (server.host.as_str(), server.port);
        let mut smtp = AsyncSmtpConnection::connect_tokio1(address, Some(settings.timeout), &hello, wrapped, None).await?;
        if server.encryption == Encryption::StartTls {
            smtp.starttls(tls()?, &hello).await?;
        }
        if let Some((user, password)) = &server.credentials {
            let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
            smtp.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(smtp)
    }

    /// Sends one email. After an error the connection may be unusable: open another one.
    pub(super) async fn send(&mut self, message: &Message) -> Result<(), SendError> {
        let envelope = message.envelope();
        let mut parameters = Vec::new();
        let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        if !envelope.to().iter().chain(envelope.from()).all(is_ascii) {
            if !self.smtp.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(SendError::Refused("the server does not take addresses with other letters than ASCII".to_owned()));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        // A sender that is refused is a matter of the operator's, who can still put it right.
        let sender = self.command(Mail::new(envelope.from().cloned(), parameters)).await;
        sender.map_err(|error| if let SendError::Refused(reason) = error { SendError::Later(reason) } else { error })?;
        self.recipients(envelope).await?;
        self.command(Data).await?;
        // From here on the server may have taken it, whatever is heard of it.
        let limit = self.settings.timeout;
        match timeout(limit, self.smtp.message(&message.formatted())).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_permanent() => Err(SendError::Refused(describe(&error))),
            Ok(Err(error)) if error.is_transient() => Err(SendError::Later(describe(&error))),
            Ok(Err(error)) => Err(SendError::Unknown(describe(&error))),
            Err(_) => Err(SendError::Unknown(no_answer(limit))),
        }
    }

    async fn recipients(&mut self, envelope: &Envelope) -> Result<(), SendError> {
        for to in envelope.to() {
            self.command(Rcpt::new(to.clone(), Vec::new())).await?;
        }
        Ok(())
    }

    async fn command(&mut self, command: impl Display) -> Result<Response, SendError> {
        let limit = self.settings.timeout;
        match timeout(limit, self.smtp.command(command)).await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_permanent() => Err(SendError::Refused(describe(&error))),
            Ok(Err(error)) => Err(SendError::Later(describe(&error))),
            Err(_) => Err(SendError::Later(no_answer(limit))),
        }
    }

    /// Says goodbye, without waiting long for the answer.
    pub(super) async fn close(mut self) {
        let _unheard = timeout(Duration::from_secs(2), self.smtp.quit()).await;
    }
}

fn no_answer(limit: Duration) -> String {
    format!("the SMTP server did not answer within {} s", limit.as_secs_f32())
}

/// Returns an error with its causes in one line, which is bounded: it is text of the server.
fn describe(error: &lettre::transport::smtp::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    kit::log::excerpt(&text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<SmtpUrl, NotSmtpUrl> {
        text.parse()
    }

    #[test]
    fn url_names_encryption_port_and_credentials() {
        let tls = parse("smtps://ops%40skyline.example:p%2Fw@mail.example").expect("a URL");
        assert_eq!((tls.port, tls.encryption), (465, Encryption::Tls));
        let (user, password) = tls.credentials.as_ref().expect("credentials");
        assert_eq!((user.as_str(), password.expose_secret()), ("ops@skyline.example", "p/w"));
        assert_eq!(tls.to_string(), "smtps://mail.example:465");
        assert!(!format!("{tls:?}").contains("p/w"));
        let start = parse("smtp://mail.example:2525").expect("a URL");
        assert_eq!((start.port, start.encryption), (2525, Encryption::StartTls));
        assert_eq!(parse("smtp://[::1]?tls=none").expect("a URL").host, "::1");
    }

    #[test]
    fn url_that_would_send_a_password_in_clear_is_refused() {
        assert_eq!(parse("smtp://a:b@mail.example?tls=none").err(), Some(NotSmtpUrl::PasswordInClear));
        for text in ["mail.example", "http://mail.example", "smtps://", "smtps://user@mail.example", "smtps://mail.example/path"]
        {
            assert_eq!(parse(text).err(), Some(NotSmtpUrl::Malformed), "{text}");
        }
        for text in ["smtps://mail.example?tls=none", "smtp://mail.example?tls=off"] {
            assert_eq!(parse(text).err(), Some(NotSmtpUrl::Parameter), "{text}");
        }
    }
}
