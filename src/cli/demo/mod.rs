//! `demo`: a temporary node with example data.
//!
//! - `plan` four months of an operator: who does what, and when; `flights` its flights, `calendar` its days, `rules` of roles and scopes
//! - `seed` carries the plan out; `work` with trips, invoices, reports and fleet; `traffic` with keys
//! - `facts` names and figures; `reports` texts

mod calendar;
mod facts;
mod flights;
mod plan;
mod reports;
mod rules;
mod seed;
#[cfg(test)]
mod tests;
mod traffic;
mod work;

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use super::database::Database;
use super::listening::Listening;
use super::output::{self, Failure};
use super::secret_key::SecretKeyFile;
use super::serve::run_node;
use crate::app::App;
use kit::clock::Clock;
use kit::db::{Location, USUAL_CONNECTIONS};

#[derive(clap::Args)]
pub(super) struct Demo {
    #[command(flatten)]
    listening: Listening,
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
        let seed::Seeded { secret, password } = seed::seed(&location, Clock::System.now()).await?;
        let keys = SecretKeyFile::default().open_or_make(&Database::from(location.clone())).await?;
        config.secret_keys = keys.map(Arc::new);
        let (url, email) = (config.public_url.clone(), facts::OWNER);
        let app = App::open(config, &location).await?;
        output::line(format!(
            "\n\
             Skyline Aviation is ready. All data is deleted when this stops.\n\n\
             Sign in as the account owner, in a browser:\n\n  \
               {url}/sign-in?email={email}\n\n  \
               Email     {email}\n  \
               Password  {password}\n\n\
             Send a request as the fleet dashboard:\n\n  \
               curl -H 'X-API-Key: {secret}' {url}/api/v1/ops/fleet-status\n\n\
             Sign in over the API:\n\n  \
               curl -H 'Content-Type: application/json' -d '{{\"email\":\"{email}\",\"password\":\"{password}\"}}' {url}/api/v1/auth/sign-in\n\n\
             Reference: {url}/docs\n"
        ))?;
        let served = run_node(app, listener, metrics).await;
        folder.close()?;
        served
    }
}
