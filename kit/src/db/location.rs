//! The address of a database, as `--database` takes it.

use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

use sea_orm::sqlx::postgres::{PgConnectOptions, PgSslMode};

/// The address of a database: a file or a server.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    Sqlite(PathBuf),
    /// A server: `postgres://user:password@host:port/database?sslmode=verify-full`, as libpq writes it.
    Postgres(String),
}

/// The text names no database this build can open.
#[derive(Debug, thiserror::Error)]
pub enum NotALocation {
    /// A malformed `postgres://` URL. It may contain the password, so the error does not quote it.
    #[error(
        "this is not a Postgres URL: expected postgres://USER:PASSWORD@HOST:PORT/DATABASE, special characters percent-encoded"
    )]
    Postgres,
    /// A parameter that means nothing here, such as one that is misspelt: `sslmod=verify-full` must not go unnoticed.
    #[error(
        "a Postgres URL has no parameter “{0}” here: sslmode, sslrootcert, sslcert, sslkey, options, statement-cache-capacity"
    )]
    Parameter(String),
    /// Neither a file nor a Postgres server.
    #[error(
        "expected sqlite://FILE, for example sqlite://data.db or sqlite:///var/lib/data.db, \
         or postgres://USER:PASSWORD@HOST:PORT/DATABASE"
    )]
    Unknown,
}

/// The protection of the connection to a database.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Transport {
    /// A file, a socket, or a server on this machine.
    Local,
    /// TLS, with a certificate that is verified.
    Verified,
    /// TLS, with any certificate.
    Unverified,
    /// TLS only if the server offers it, or never.
    Plain,
}

impl Location {
    /// Returns the protection of the connection.
    pub fn transport(&self) -> Transport {
        let Some(options) = self.postgres() else { return Transport::Local };
        // The driver leaves an IPv6 address in its brackets.
        let host = options.get_host().trim_matches(['[', ']']);
        let is_here = host == "localhost" || host.starts_with('/') || host.parse::<IpAddr>().is_ok_and(|host| host.is_loopback());
        match options.get_ssl_mode() {
            _ if is_here || options.get_socket().is_some() => Transport::Local,
            PgSslMode::VerifyFull | PgSslMode::VerifyCa => Transport::Verified,
            PgSslMode::Require => Transport::Unverified,
            PgSslMode::Prefer | PgSslMode::Allow | PgSslMode::Disable => Transport::Plain,
        }
    }

    /// The server's options, if it is a server.
    pub(super) fn postgres(&self) -> Option<PgConnectOptions> {
        let Self::Postgres(url) = self else { return None };
        url.parse().ok()
    }
}

impl FromStr for Location {
    type Err = NotALocation;
    fn from_str(text: &str) -> Result<Self, NotALocation> {
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            if let Some(name) = unknown_parameter(text) {
                // A question mark in a password that was not encoded: what follows is not a name.
                let is_name = name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_' || letter == '-');
                return Err(if is_name { NotALocation::Parameter(name.to_owned()) } else { NotALocation::Postgres });
            }
            return match text.parse::<PgConnectOptions>() {
                Ok(_) => Ok(Self::Postgres(text.to_owned())),
                Err(_) => Err(NotALocation::Postgres),
            };
        }
        match text.strip_prefix("sqlite://") {
            Some(path) if !path.is_empty() && !path.contains('?') => Ok(Self::Sqlite(path.into())),
            _ => Err(NotALocation::Unknown),
        }
    }
}

/// Returns a parameter that the driver does not know: it would only log a warning, with the value.
fn unknown_parameter(url: &str) -> Option<&str> {
    const KNOWN: [&str; 11] = [
        "sslmode",
        "sslrootcert",
        "sslcert",
        "sslkey",
        "options",
        "statement-cache-capacity",
        "host",
        "port",
        "dbname",
        "user",
        "password",
    ];
    let (_, query) = url.split_once('?')?;
    let mut names = query.split('&').map(|pair| pair.split_once('=').map_or(pair, |(name, _)| name));
    names.find(|name| !name.is_empty() && !KNOWN.contains(name) && !name.starts_with("options["))
}

/// Formats without the password.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "sqlite://{}", path.display()),
            Self::Postgres(_) => {
                let Some(options) = self.postgres() else { return f.write_str("postgres://") };
                let database = options.get_database().unwrap_or_else(|| options.get_username());
                write!(f, "postgres://{}@{}:{}/{database}", options.get_username(), options.get_host(), options.get_port())?;
                match options.get_ssl_mode() {
                    PgSslMode::VerifyFull | PgSslMode::VerifyCa => f.write_str(" (TLS, verified)"),
                    PgSslMode::Require => f.write_str(" (TLS, not verified)"),
                    _ => Ok(()),
                }
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        let location: Location =
            "postgres://plane:s3cret%2F@db.example:5433/ops?sslmode=verify-full".parse().expect("a location");
        for shown in [location.to_string(), format!("{location:?}")] {
            assert_eq!(shown, "postgres://plane@db.example:5433/ops (TLS, verified)");
        }
    }

    #[test]
    fn a_server_elsewhere_is_reached_in_safety_only_if_its_certificate_is_verified() {
        let transport = |url: &str| url.parse::<Location>().expect("a location").transport();
        for (url, expected) in [
            ("sqlite:///var/lib/plane.db", Transport::Local),
            ("postgres://plane@localhost/ops", Transport::Local),
            ("postgres://plane@127.0.0.1/ops?sslmode=disable", Transport::Local),
            ("postgres://plane@[::1]/ops", Transport::Local),
            ("postgres://plane@%2Frun%2Fpostgresql/ops", Transport::Local),
            ("postgres://plane@db.example/ops", Transport::Plain),
            ("postgres://plane@10.0.0.7/ops?sslmode=disable", Transport::Plain),
            ("postgres://plane@db.example/ops?sslmode=require", Transport::Unverified),
            ("postgres://plane@db.example/ops?sslmode=verify-full", Transport::Verified),
        ] {
            assert_eq!(transport(url), expected, "{url}");
        }
    }

    #[test]
    fn what_is_not_understood_is_not_repeated() {
        let error = "postgres://plane:s3cret@db.example:many/ops".parse::<Location>().expect_err("a port that is no number");
        assert!(!error.to_string().contains("s3cret"), "{error}");
        let error = "postgres://db.example/ops?sslmod=verify-full".parse::<Location>().expect_err("a parameter that is none");
        assert!(error.to_string().contains("“sslmod”"), "{error}");
        let error = "postgres://plane:s3c?ret@db.example/ops".parse::<Location>().expect_err("a password that is not encoded");
        assert!(!error.to_string().contains("ret"), "{error}");
        assert!("mysql://localhost/ops".parse::<Location>().is_err());
        assert!("sqlite://".parse::<Location>().is_err());
    }
}
