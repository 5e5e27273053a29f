//! The settings of a node's delivery of webhooks.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::output::{self, Failure};
use crate::webhooks::WebhookSettings;
use kit::cidr::Cidr;
use kit::http::outbound::{AllowedRanges, certificates};

/// The largest number of attempts of a delivery, and the longest wait before one.
const MAX_ATTEMPTS: usize = 20;
const MAX_WAIT: Duration = Duration::from_hours(7 * 24);

const DAY: Duration = Duration::from_hours(24);
const MAX_DAYS: u32 = 365;

const DNS_PORT: u16 = 53;

/// The destinations of endpoints besides the internet, for `serve` and for commands that check a URL.
#[derive(clap::Args)]
#[expect(clippy::struct_field_names, reason = "the flags have these names")]
pub(super) struct AllowedDestinations {
    /// Addresses besides the internet that webhooks may be sent to: an address or a CIDR block; repeat the flag for several
    #[arg(long, env = "PLANECONNECTION_WEBHOOK_ALLOW", value_delimiter = ',', value_name = "CIDR")]
    webhook_allow: Vec<Cidr>,
    /// Take URLs with <http://>, for the addresses of --webhook-allow only
    #[arg(long, env = "PLANECONNECTION_WEBHOOK_ALLOW_HTTP", value_parser = output::switch)]
    webhook_allow_http: bool,
    /// DNS server that is asked for the addresses of webhooks, in place of those in /etc/resolv.conf
    #[arg(long, env = "PLANECONNECTION_WEBHOOK_RESOLVER", value_name = "IP[:PORT]", value_parser = dns_server)]
    webhook_resolver: Option<SocketAddr>,
}

impl AllowedDestinations {
    /// Returns settings with these destinations, and else as they are by default.
    pub(super) fn settings(self) -> Result<WebhookSettings, Failure> {
        if self.webhook_allow_http && self.webhook_allow.is_empty() {
            return Err(Failure::usage("--webhook-allow-http needs --webhook-allow, the addresses that may be without TLS"));
        }
        let ranges = self.webhook_allow.into_iter().map(Into::into).collect();
        let allowed = AllowedRanges { ranges, allows_http: self.webhook_allow_http };
        Ok(WebhookSettings { allowed, dns_server: self.webhook_resolver, ..WebhookSettings::default() })
    }
}

#[derive(clap::Args)]
pub(super) struct Webhooks {
    #[command(flatten)]
    allowed: AllowedDestinations,
    /// File with PEM certificates of authorities that receivers' certificates may be signed by, besides those of the system
    #[arg(long, env = "PLANECONNECTION_WEBHOOK_CA", value_name = "FILE")]
    webhook_ca: Option<PathBuf>,
    /// Waits before each attempt to deliver an event, each from the end of the attempt before
    #[arg(
        long,
        env = "PLANECONNECTION_WEBHOOK_SCHEDULE",
        value_name = "TIMES",
        default_value = "0s,1m,5m,30m,2h",
        value_delimiter = ',',
        value_parser = output::duration
    )]
    webhook_schedule: Vec<Duration>,
    /// Days without a successful delivery after which an endpoint is disabled
    #[arg(long, env = "PLANECONNECTION_WEBHOOK_DISABLE_AFTER", value_name = "DAYS", default_value = "5", value_parser = days)]
    webhook_disable_after: Duration,
    /// Days for which deliveries and their attempts are kept
    #[arg(long, env = "PLANECONNECTION_WEBHOOK_RETENTION", value_name = "DAYS", default_value = "30", value_parser = days)]
    webhook_retention: Duration,
}

impl Webhooks {
    pub(super) fn settings(self) -> Result<WebhookSettings, Failure> {
        let schedule = self.webhook_schedule;
        if !(1..=MAX_ATTEMPTS).contains(&schedule.len()) || schedule.iter().any(|wait| *wait > MAX_WAIT) {
            return Err(Failure::usage("--webhook-schedule: expected 1 to 20 times of at most 7 days, such as 0s,1m,5m,30m,2h"));
        }
        let mut roots = Vec::new();
        if let Some(path) = &self.webhook_ca {
            let failed = |error: String| Failure::refused(format!("cannot read --webhook-ca {}: {error}", path.display()));
            let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
            roots = certificates(&pem).map_err(|error| failed(error.to_string()))?;
        }
        Ok(WebhookSettings {
            roots,
            schedule,
            disable_after: self.webhook_disable_after,
            retention: self.webhook_retention,
            ..self.allowed.settings()?
        })
    }
}

/// Parses the address of a DNS server, with or without its port.
fn dns_server(text: &str) -> Result<SocketAddr, String> {
    let without_port = || text.parse().map(|address: IpAddr| SocketAddr::new(address, DNS_PORT)).ok();
    text.parse().ok().or_else(without_port).ok_or_else(|| "expected an address such as 10.0.0.53 or 10.0.0.53:53".to_owned())
}

/// Parses a number of days: 5, or 5d.
fn days(text: &str) -> Result<Duration, String> {
    let days = text.strip_suffix('d').unwrap_or(text).parse().ok().filter(|days| (1..=MAX_DAYS).contains(days));
    days.map(|days: u32| DAY * days).ok_or_else(|| format!("expected 1 to {MAX_DAYS} days"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        webhooks: Webhooks,
    }

    fn settings(arguments: &[&str]) -> Result<WebhookSettings, String> {
        let flags = Flags::try_parse_from([&["serve"], arguments].concat()).map_err(|error| error.to_string())?;
        flags.webhooks.settings().map_err(|failure| format!("{failure:?}"))
    }

    #[test]
    fn flags_without_values_are_the_defaults() {
        let (flags, defaults) = (settings(&[]).expect("settings"), WebhookSettings::default());
        assert_eq!(flags.schedule, defaults.schedule);
        assert_eq!((flags.disable_after, flags.retention), (defaults.disable_after, defaults.retention));
        assert!(flags.allowed.ranges.is_empty() && !flags.allowed.allows_http && flags.roots.is_empty());
    }

    #[test]
    fn flags_are_read() {
        let flags = settings(&[
            "--webhook-allow=127.0.0.0/8",
            "--webhook-allow=10.1.2.3,fd00::/8",
            "--webhook-allow-http",
            "--webhook-schedule=0s,2s",
            "--webhook-disable-after=2",
            "--webhook-retention=7d",
            "--webhook-resolver=10.0.0.53",
        ]);
        let flags = flags.expect("settings");
        assert_eq!(flags.allowed.ranges.len(), 3);
        assert!(flags.allowed.allows_http);
        assert_eq!(flags.schedule, [Duration::ZERO, Duration::from_secs(2)]);
        assert_eq!(flags.dns_server, Some(([10, 0, 0, 53], 53).into()));
        let with_port = settings(&["--webhook-resolver=[::1]:5353"]).expect("settings");
        assert_eq!(with_port.dns_server.map(|server| server.port()), Some(5353));
        assert_eq!((flags.disable_after, flags.retention), (2 * DAY, 7 * DAY));
    }

    #[test]
    fn flags_out_of_range_are_refused() {
        for refused in [
            "--webhook-allow=example.com",
            "--webhook-allow-http",
            "--webhook-schedule=",
            "--webhook-schedule=soon",
            "--webhook-schedule=8d",
            &format!("--webhook-schedule={}", ["1s"; 21].join(",")),
            "--webhook-disable-after=0",
            "--webhook-disable-after=366",
            "--webhook-retention=12h",
            "--webhook-ca=/no/such/file",
            "--webhook-resolver=dns.example",
        ] {
            assert!(settings(&[refused]).is_err(), "{refused}");
        }
    }
}
