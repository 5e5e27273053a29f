//! What a node is told when it starts.

use std::sync::Arc;

use ipnet::IpNet;

use crate::audit::AuditKey;
use crate::limits;
use kit::db::DbOptions;
use kit::http::serve::Timeouts;
use kit::log::Log;

/// Settings of a node.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where people and applications reach the product, without a slash at the end.
    pub public_url: String,
    /// Host names by which people may reach the pages, besides that of the public URL.
    pub allowed_hosts: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether metrics are served on an address of their own.
    pub has_metrics_listener: bool,
    /// Settings of the database.
    pub database: DbOptions,
    /// What this node is called, for people.
    pub node_name: String,
    /// Connections that are served at once.
    pub max_connections: usize,
    /// Deadlines of a connection.
    pub timeouts: Timeouts,
    /// Bytes of request bodies that are held at once.
    pub body_bytes: usize,
    /// Where requests are logged.
    pub log: Log,
    /// Figures of limits and quotas.
    pub limits: limits::Settings,
    /// The key that signs heads of audit logs.
    pub audit_key: Option<Arc<AuditKey>>,
}

impl Config {
    /// Whether people reach the product by TLS.
    pub fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// Scheme, host and port of the public URL, as a browser names them in `Origin`.
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
            database: DbOptions::default(),
            node_name: String::new(),
            max_connections: 10_000,
            timeouts: Timeouts::default(),
            body_bytes: 64 << 20,
            log: Log::default(),
            limits: limits::Settings::default(),
            audit_key: None,
        }
    }
}
