//! `demo`: a temporary node with example data.
//!
//! - `plan` four months of an operator: who does what, and when; `operation` the part with keys, webhooks and settings; `flights` its
//!   flights, `calendar` its days, `rules` of roles and scopes
//! - `seed` carries the plan out; `work` with trips, invoices, reports and fleet; `traffic` with keys, `requests` their single requests;
//!   `webhooks` with webhooks
//! - `facts` names and figures, `integrations` those of keys and webhooks; `reports` texts
//! - `receiver` the receiver of the webhooks

mod calendar;
mod facts;
mod flights;
mod integrations;
mod operation;
mod plan;
mod receiver;
mod reports;
mod requests;
mod rules;
mod seed;
#[cfg(test)]
mod tests;
mod traffic;
mod webhooks;
mod work;

use std::fs::Permissions;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::net::TcpListener;

use super::database::Database;
use super::listening::Listening;
use super::output::{self, Failure};
use super::secret_key::SecretKeyFile;
use super::serve::run_node;
use crate::app::App;
use kit::clock::{Clock, Time};
use kit::db::{Location, USUAL_CONNECTIONS};
use kit::http::outbound::AllowedRanges;

#[derive(clap::Args)]
pub(super) struct Demo {
    #[command(flatten)]
    listening: Listening,
    /// Change one stored audit event behind the product's back, so that the audit log does not verify
    #[arg(long, env = "PLANECONNECTION_TAMPERED", value_parser = output::switch)]
    tampered: bool,
}

impl Demo {
    pub(super) async fn run(self) -> Result<(), Failure> {
        let log = self.listening.start_log()?;
        let _last = log.rest();
        let (listener, metrics, mut config) = self.listening.bind(USUAL_CONNECTIONS).await?;
        config.log = log;
        let folder =
            tempfile::Builder::new().prefix("planeconnection-demo-").permissions(Permissions::from_mode(0o700)).tempdir()?;
        let location = Location::Sqlite(folder.path().join("demo.db"));
        let keys = SecretKeyFile::default().open_or_make(&Database::from(location.clone())).await?;
        config.secret_keys = keys.map(Arc::new);
        let receiver = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let received_at = receiver.local_addr()?;
        config.webhooks.allowed = AllowedRanges { ranges: vec![received_at.ip().into()], allows_http: true };
        let now = Clock::System.now();
        let seeded = Box::pin(seed::seed(&location, now, &config, received_at)).await?;
        if self.tampered {
            seed::tamper(&location).await?;
        }
        let (url, timeouts) = (config.public_url.clone(), config.timeouts);
        config.database.write_threads = true;
        let app = App::open(config, &location).await?;
        announce(&url, &seeded, now)?;
        let receiving = tokio::spawn(receiver::receive(receiver, Clock::System, seeded.endpoints, timeouts));
        let served = run_node(app, listener, metrics).await;
        receiving.abort();
        folder.close()?;
        served
    }
}

/// Prints what there is to try.
fn announce(url: &str, seeded: &seed::Seeded, now: Time) -> Result<(), Failure> {
    let seed::Seeded { fleet_key, trips_key, password, receiver, .. } = seeded;
    let email = facts::OWNER;
    let trip = json!({
        "tripType": "charter", "origin": "LSZH", "destination": "EGLF", "departureDate": now.after(Duration::from_hours(5 * 24)).hour(),
    });
    output::line(format!(
        "\n\
         Skyline Aviation is ready. All data is deleted when this stops.\n\n\
         Sign in as the account owner, in a browser:\n\n  \
           {url}/sign-in?email={email}\n\n  \
           Email     {email}\n  \
           Password  {password}\n\n\
         Send a request as the fleet dashboard:\n\n  \
           curl -H 'X-API-Key: {fleet_key}' {url}/api/v1/ops/fleet-status\n\n\
         Sign in over the API:\n\n  \
           curl -H 'Content-Type: application/json' -d '{{\"email\":\"{email}\",\"password\":\"{password}\"}}' {url}/api/v1/auth/sign-in\n\n\
         Create a trip as the scheduling software; a webhook delivers it within a second:\n\n  \
           curl -H 'X-API-Key: {trips_key}' -H 'Content-Type: application/json' -d '{trip}' {url}/api/v1/ops/trips\n\n\
         See what the webhooks deliver, here and at:\n\n  \
           http://{receiver}/\n\n\
         Reference: {url}/docs\n"
    ))
}
