//! The settings of outgoing email.

use std::path::PathBuf;
use std::sync::Arc;

use lettre::message::Mailbox;
use lettre::transport::smtp::client::Certificate;

use super::output::Failure;
use crate::config::Config;
use crate::mail::{MailSettings, SmtpUrl};

#[derive(clap::Args)]
#[expect(clippy::struct_field_names, reason = "the names of the flags")]
pub(super) struct Mail {
    /// URL of the SMTP server that sends emails: <smtps://USER:PASSWORD@HOST:PORT>, or <smtp://> for STARTTLS; default: no emails are sent, and links are handed over
    #[arg(long, env = "PLANECONNECTION_SMTP_URL", value_name = "URL", hide_env_values = true)]
    smtp_url: Option<SmtpUrl>,
    /// Sender of emails: keys@skyline.example, or with a name: Skyline <keys@skyline.example>
    #[arg(long, env = "PLANECONNECTION_SMTP_FROM", value_name = "ADDRESS")]
    smtp_from: Option<Mailbox>,
    /// File with PEM certificates of authorities that the SMTP server's certificate may be signed by, besides those of the system
    #[arg(long, env = "PLANECONNECTION_SMTP_CA", value_name = "FILE")]
    smtp_ca: Option<PathBuf>,
}

impl Mail {
    /// Adds the settings to those of the node. The links of emails are sealed, so email needs a secret key.
    pub(super) fn apply(self, config: &mut Config) -> Result<(), Failure> {
        let (url, from) = match (self.smtp_url, self.smtp_from) {
            (None, None) => return Ok(()),
            (Some(url), Some(from)) => (url, from),
            (Some(_), None) => return Err(Failure::usage("--smtp-url needs --smtp-from, the sender of emails")),
            (None, Some(_)) => return Err(Failure::usage("--smtp-from needs --smtp-url, the server that sends emails")),
        };
        if config.secret_keys.is_none() {
            return Err(Failure::refused(
                "--smtp-url needs a secret key, which seals links that wait to be sent: make one with `planeconnection secret-key \
                 new --output FILE`, and start every node with --secret-key-file FILE",
            ));
        }
        let mut settings = MailSettings::new(url, from);
        if let Some(path) = &self.smtp_ca {
            let failed = |error: String| Failure::refused(format!("cannot read --smtp-ca {}: {error}", path.display()));
            let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
            settings.roots = certificates(&pem).map_err(|error| failed(error.to_string()))?;
            if settings.roots.is_empty() {
                return Err(failed("there is no certificate in it".to_owned()));
            }
        }
        config.mail = Some(Arc::new(settings));
        Ok(())
    }
}

/// Reads each certificate of a PEM file.
fn certificates(pem: &[u8]) -> Result<Vec<Certificate>, lettre::transport::smtp::Error> {
    const END: &str = "-----END CERTIFICATE-----";
    let text = String::from_utf8_lossy(pem);
    text.split_inclusive(END).filter(|part| part.contains(END)).map(|part| Certificate::from_pem(part.as_bytes())).collect()
}
