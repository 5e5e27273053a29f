//! Settings of a node.

use std::sync::Arc;
use std::time::Duration;

use crate::audit::AuditKey;
use crate::leaks::KeySource;
use crate::limits;
use crate::mail::MailSettings;
use crate::secret_key::{SecretKeyMissing, SecretKeys};
use crate::webhooks::WebhookSettings;
use kit::cidr::Cidr;
use kit::db::DbOptions;
use kit::http::serve::Timeouts;
use kit::log::Log;

/// The name of this program in a Postgres server's list of connections.
pub const APPLICATION: &str = "planeconnection";

/// The settings that a node is started with.
#[derive(Clone, Debug)]
pub struct Config {
    /// Without a slash at the end.
    pub public_url: String,
    /// Host names that serve pages, besides that of the public URL.
    pub allowed_hosts: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is trusted.
    pub trusted_proxies: Vec<Cidr>,
    /// True if metrics are served on an address of their own.
    pub has_metrics_listener: bool,
    pub database: DbOptions,
    /// The name of this node, chosen by the operator.
    pub node_name: String,
    /// Open connections at a time.
    pub max_connections: usize,
    /// Time limits of a connection.
    pub timeouts: Timeouts,
    /// The time for which a node goes on serving after it was asked to stop, so that load balancers notice.
    pub shutdown_delay: Duration,
    /// Bytes of request bodies in memory at a time.
    pub body_bytes: usize,
    pub log: Log,
    pub limits: limits::Settings,
    /// The key that signs heads of audit logs.
    pub audit_key: Option<Arc<AuditKey>>,
    /// The keys that seal secrets at rest.
    pub secret_keys: Option<Arc<SecretKeys>>,
    /// The SMTP server; without it no email is sent.
    pub mail: Option<Arc<MailSettings>>,
    pub webhooks: WebhookSettings,
    /// The public keys of GitHub's secret scanning; without them its reports are refused.
    pub github_keys: Option<KeySource>,
}

impl Config {
    /// Returns whether the public URL has TLS.
    pub fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// Returns the keys that seal secrets at rest.
    pub fn require_secret_keys(&self) -> Result<&SecretKeys, SecretKeyMissing> {
        self.secret_keys.as_deref().ok_or(SecretKeyMissing)
    }

    /// Returns scheme, host and port of the public URL, as in the header `Origin`.
    pub fn origin(&self) -> &str {
        let host = self.public_url.find("://").map_or(0, |at| at + 3);
        self.public_url[host..].find('/').map_or(&self.public_url, |end| &self.public_url[..host + end])
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            public_url: "http://127.0.0.1:8080".to_owned(),
            allowed_hosts: Vec::new(),
            trusted_proxies: Vec::new(),
            has_metrics_listener: false,
            database: DbOptions { application: APPLICATION, ..DbOptions::default() },
            node_name: String::new(),
            max_connections: 10_000,
            timeouts: Timeouts::default(),
            shutdown_delay: Duration::ZERO,
            body_bytes: 64 << 20,
            log: Log::default(),
            limits: limits::Settings::default(),
            audit_key: None,
            secret_keys: None,
            mail: None,
            webhooks: WebhookSettings::default(),
            github_keys: None,
        }
    }
}
