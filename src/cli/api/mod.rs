//! The command `api`: one call of the API of a server, or a whole list, for the shell.
//!
//! The key comes from a file, standard input or the environment, never from an argument, and goes to the server that is named
//! and to no other: redirects are not followed, and without TLS only this machine gets it.
//!
//! - here the arguments; `credential` the key; `request` method, URL and headers; `body` the body
//! - `exchange` a call with its repetitions; `pages` a whole list; `print` a response, and a failure in one line

mod body;
mod credential;
mod exchange;
mod pages;
mod print;
mod request;

use std::path::PathBuf;
use std::time::Duration;

use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use key_format::find_secret;
use kit::http::outbound::{CertificateDer, certificates};
use kit::random::Random;
use url::Url;

use self::body::BodyArguments;
use self::credential::Credential;
use self::exchange::Exchange;
use super::output::{self, Failure};

#[derive(clap::Args)]
pub(super) struct Api {
    /// Method: GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS
    #[arg(value_name = "METHOD", value_parser = request::method)]
    method: Method,
    /// Path below /api/v1, such as /ops/trips; /health, /readiness and paths that begin with /api/ are taken as they are
    #[arg(value_name = "PATH")]
    path: String,
    /// Address of the server
    #[arg(
        long,
        env = "PLANECONNECTION_URL",
        default_value = "http://127.0.0.1:8080",
        value_name = "URL",
        hide_env_values = true
    )]
    url: String,
    /// File that contains the API key, or - for standard input. Or set `PLANECONNECTION_API_KEY` to the key itself
    #[arg(long, env = "PLANECONNECTION_KEY_FILE", value_name = "FILE", hide_env_values = true)]
    key_file: Option<PathBuf>,
    #[command(flatten)]
    body: BodyArguments,
    /// Query parameter; repeat the flag for several
    #[arg(short, long, value_name = "NAME=VALUE", value_parser = request::pair)]
    query: Vec<(String, String)>,
    /// Header, but no credential; repeat the flag for several
    #[arg(short = 'H', long = "header", value_name = "NAME:VALUE", value_parser = request::header)]
    headers: Vec<(HeaderName, HeaderValue)>,
    /// Print the status and the headers of the answer before it
    #[arg(short, long)]
    include: bool,
    /// Read a whole list: print each of its items as a line of JSON, page after page
    #[arg(long, env = "PLANECONNECTION_PAGINATE", value_parser = output::switch)]
    paginate: bool,
    /// Idempotency key of a POST, so that a repetition changes nothing twice; auto makes one
    #[arg(long, env = "PLANECONNECTION_IDEMPOTENCY_KEY", value_name = "TEXT", hide_env_values = true)]
    idempotency_key: Option<String>,
    /// Repetitions of a GET, HEAD, PUT or batch, or of a POST with an idempotency key, after 429, 5xx or no answer
    #[arg(long, env = "PLANECONNECTION_RETRY", default_value_t = 0, value_name = "N",
          value_parser = clap::value_parser!(u32).range(0..=10))]
    retry: u32,
    /// Time for each answer; ten seconds of it for the connection
    #[arg(long, env = "PLANECONNECTION_TIMEOUT", default_value = "60s", value_name = "TIME", value_parser = request::timeout)]
    timeout: Duration,
    /// Send the key without TLS to another machine
    #[arg(long, env = "PLANECONNECTION_ALLOW_HTTP", value_parser = output::switch)]
    allow_http: bool,
    /// File with PEM certificates of authorities that the server's certificate may be signed by, besides those of the system
    #[arg(long, env = "PLANECONNECTION_CA", value_name = "FILE", hide_env_values = true)]
    ca: Option<PathBuf>,
}

impl Api {
    pub(super) async fn run(self) -> Result<(), Failure> {
        self.check()?;
        let url = request::url(&self.url, &self.path, &self.query)?;
        let credential = Credential::read(self.key_file.as_deref())?;
        if credential.is_some() && !self.allow_http && !request::is_private_on_the_way(&url) {
            return Err(Failure::usage(
                "--url: a key is sent to another machine with TLS only: use https://, or --allow-http in a network that you trust",
            ));
        }
        let idempotency_key = self.idempotency_key()?;
        let body = self.body.read()?;
        let headers = self.all_headers(credential.as_ref(), idempotency_key.as_deref(), body.is_some())?;
        let exchange = Exchange {
            client: exchange::client(self.roots()?, self.timeout),
            method: self.method,
            headers,
            body,
            retries: self.retry,
            idempotency_key,
        };
        if self.paginate {
            return pages::print(&exchange, &url).await;
        }
        call_once(&exchange, &url, self.include).await
    }

    /// Checks what the parser of arguments cannot.
    fn check(&self) -> Result<(), Failure> {
        let is_read = matches!(self.method, Method::GET | Method::HEAD);
        if is_read && self.body.is_given() {
            return Err(Failure::usage("GET and HEAD have no body: use -q for parameters of the query"));
        }
        if self.paginate && (self.method != Method::GET || self.include) {
            return Err(Failure::usage("--paginate reads a list: use it with GET, and without --include"));
        }
        if self.idempotency_key.is_some() && self.method != Method::POST {
            return Err(Failure::usage("--idempotency-key is for POST: other methods can be repeated as they are"));
        }
        let is_batch = self.method == Method::POST && self.path.ends_with("/batch");
        let is_repeatable = is_read || is_batch || self.method == Method::PUT || self.idempotency_key.is_some();
        if self.retry > 0 && !is_repeatable {
            return Err(Failure::usage("--retry repeats GET, HEAD, PUT and batches, and a POST with --idempotency-key"));
        }
        let is_stdin = credential::is_stdin(self.key_file.as_deref());
        if usize::from(is_stdin) + self.body.uses_of_stdin() > 1 {
            return Err(Failure::usage("standard input can be read once: name - once"));
        }
        Ok(())
    }

    fn idempotency_key(&self) -> Result<Option<String>, Failure> {
        let is_text = |text: &str| (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        match self.idempotency_key.as_deref() {
            None => Ok(None),
            Some("auto") => Ok(Some(Random::System.base62(AUTO))),
            Some(text) if is_text(text) && find_secret(text).is_none() => Ok(Some(text.to_owned())),
            Some(_) => {
                Err(Failure::usage("--idempotency-key: expected auto, or 1 to 255 visible ASCII characters that are no secret"))
            }
        }
    }

    fn all_headers(
        &self,
        credential: Option<&Credential>,
        idempotency_key: Option<&str>,
        has_body: bool,
    ) -> Result<HeaderMap, Failure> {
        let mut headers = request::headers(&self.headers)?;
        if has_body {
            headers.entry(CONTENT_TYPE).or_insert(HeaderValue::from_static("application/json"));
        }
        if let Some(key) = idempotency_key {
            let value = HeaderValue::from_str(key).map_err(|_| Failure::usage("--idempotency-key: expected ASCII characters"))?;
            headers.insert("idempotency-key", value);
        }
        if let Some(credential) = credential {
            headers.insert(credential::HEADER, credential.header()?);
        }
        Ok(headers)
    }

    fn roots(&self) -> Result<Vec<CertificateDer<'static>>, Failure> {
        let Some(path) = &self.ca else { return Ok(Vec::new()) };
        let failed = |error: String| Failure::refused(format!("cannot read --ca {}: {error}", path.display()));
        let pem = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
        certificates(&pem).map_err(|error| failed(error.to_string()))
    }
}

/// Characters of a generated idempotency key: 131 bits.
const AUTO: usize = 22;

async fn call_once(exchange: &Exchange, url: &Url, with_head: bool) -> Result<(), Failure> {
    let response = exchange.call(url).await?;
    let is_terminal = output::is_terminal();
    if with_head {
        output::bytes(&print::head(&response, is_terminal))?;
    }
    output::bytes(&print::body(&response.body, is_terminal))?;
    exchange.outcome(&response)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        api: Api,
    }

    fn checked(arguments: &[&str]) -> Result<(), String> {
        let flags = Flags::try_parse_from([&["api"], arguments].concat()).map_err(|error| error.to_string())?;
        flags.api.check().map_err(|failure| failure.to_string())
    }

    #[test]
    fn arguments_that_fit_together_are_taken() {
        for arguments in [
            &["get", "/ops/trips", "-q", "status=scheduled", "-q", "sort=-updated_at", "--paginate", "--retry", "3"][..],
            &["POST", "ops/trips", "-f", "origin=KTEB", "-F", "passengerCount=4", "--idempotency-key", "auto", "--retry=10"],
            &["PATCH", "/ops/trips/trip_1", "--input", "-", "-H", "If-Match: *", "-i", "--timeout", "5s"],
            &["PUT", "/settings/api-keys", "--input", "settings.json", "--key-file", "-"],
            &["POST", "/ops/trips/batch", "--input", "trips.json", "--retry", "3"],
        ] {
            assert_eq!(checked(arguments), Ok(()), "{arguments:?}");
        }
    }

    #[test]
    fn arguments_that_do_not_fit_together_are_refused() {
        for (arguments, reason) in [
            (&["FETCH", "/ops/trips"][..], "METHOD"),
            (&["GET"], "PATH"),
            (&["GET", "/ops/trips", "-f", "a=b"], "GET and HEAD have no body"),
            (&["POST", "/ops/trips", "-f", "a"], "NAME=VALUE"),
            (&["POST", "/ops/trips", "-f", "a=b", "--input", "c"], "cannot be used with"),
            (&["POST", "/ops/trips", "--paginate"], "--paginate reads a list"),
            (&["GET", "/ops/trips", "--paginate", "-i"], "without --include"),
            (&["POST", "/ops/trips", "--retry", "1"], "with --idempotency-key"),
            (&["DELETE", "/webhooks/wh_1", "--retry", "1"], "--retry repeats GET"),
            (&["PUT", "/settings/api-keys", "--idempotency-key", "auto"], "is for POST"),
            (&["GET", "/ops/trips", "--retry", "11"], "0..=10"),
            (&["GET", "/ops/trips", "--timeout", "0s"], "1s to 1h"),
            (&["GET", "/ops/trips", "-H", "If-Match"], "NAME:VALUE"),
            (&["PUT", "/settings/api-keys", "--input", "-", "--key-file", "-"], "can be read once"),
            (&["POST", "/ops/invoices", "-F", "client=@-", "-F", "lineItems=@-"], "can be read once"),
        ] {
            let error = checked(arguments).expect_err("refused");
            assert!(error.contains(reason), "{arguments:?}: {error}");
        }
    }
}
