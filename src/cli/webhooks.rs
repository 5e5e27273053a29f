//! The commands `webhooks list`, `create`, `enable`, `disable`, `test`, `deliveries` and `resend`.

use std::sync::Arc;

use clap::Subcommand;
use serde_json::json;

use super::database::{InWorkspace, operator};
use super::output::{self, Failure, validated};
use super::secret_key::SecretKeyFile;
use super::webhook_settings::{AllowedDestinations, Webhooks};
use crate::app::App;
use crate::config::Config;
use crate::webhooks::{
    self, AttemptView, Backlog, CreateEndpoint, DeliveredType, Delivery, DeliveryFilter, DeliveryId, DeliveryStatus,
    DeliveryView, Description, Endpoint, EndpointFilter, EndpointId, EndpointUrl, Manager, Reach, Schedule, TestWebhook,
    UpdateEndpoint,
};
use crate::workspaces::WorkspaceId;
use kit::http::outbound::Lookup;
use kit::paging::{MAX_SIZE, Paging};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List webhooks, the newest first
    List {
        #[command(flatten)]
        at: InWorkspace,
        /// Print the result as JSON
        #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
        json: bool,
    },
    /// Create a webhook; its signing secret is printed once
    Create(Box<Create>),
    /// Switch a webhook on, also after the server has disabled it
    Enable {
        #[command(flatten)]
        one: One,
        /// Events that happened meanwhile: deliver them in order, or skip them
        #[arg(long, env = "PLANECONNECTION_BACKLOG", default_value_t = Backlog::Deliver)]
        backlog: Backlog,
    },
    /// Switch a webhook off; its events are kept for 30 days
    Disable(One),
    /// Send a test, or an example of a type, and wait for the answer
    Test(Box<Test>),
    /// List the newest deliveries of a webhook
    Deliveries {
        #[command(flatten)]
        one: One,
        /// Only deliveries with this status: pending, delivered, failed or canceled
        #[arg(long, env = "PLANECONNECTION_STATUS")]
        status: Option<DeliveryStatus>,
        /// Largest number of deliveries
        #[arg(long, env = "PLANECONNECTION_LIMIT", default_value_t = 20, value_name = "N",
              value_parser = clap::value_parser!(u32).range(1..=i64::from(MAX_SIZE)))]
        limit: u32,
    },
    /// Deliver an event once more
    Resend {
        #[command(flatten)]
        one: One,
        /// Id of the delivery
        delivery: DeliveryId,
    },
}

#[derive(clap::Args)]
pub(super) struct One {
    #[command(flatten)]
    at: InWorkspace,
    /// Id of the webhook
    #[arg(value_name = "ID")]
    webhook: EndpointId,
    /// Print the result as JSON
    #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
    json: bool,
}

#[derive(clap::Args)]
pub(super) struct Create {
    #[command(flatten)]
    at: InWorkspace,
    /// URL that receives the events
    #[arg(long, env = "PLANECONNECTION_ENDPOINT_URL")]
    url: EndpointUrl,
    /// Type of events such as trip.created, trip.* for all of a resource, or * for all; repeat the flag for several
    #[arg(long, env = "PLANECONNECTION_EVENT", value_delimiter = ',', required = true)]
    event: Vec<String>,
    /// Purpose of the webhook
    #[arg(long, env = "PLANECONNECTION_DESCRIPTION")]
    description: Option<Description>,
    /// Times of the attempts of a delivery: standard, or extended
    #[arg(long, env = "PLANECONNECTION_SCHEDULE", default_value_t = Schedule::Standard)]
    schedule: Schedule,
    #[command(flatten)]
    allowed: AllowedDestinations,
    #[command(flatten)]
    secret_key: SecretKeyFile,
    /// Print the result as JSON
    #[arg(long, env = "PLANECONNECTION_JSON", value_parser = output::switch)]
    json: bool,
}

#[derive(clap::Args)]
pub(super) struct Test {
    #[command(flatten)]
    one: One,
    /// Type of which an example is sent; default: webhook.test
    #[arg(long = "type", env = "PLANECONNECTION_TYPE", value_name = "TYPE")]
    event_type: Option<DeliveredType>,
    #[command(flatten)]
    settings: Webhooks,
    #[command(flatten)]
    secret_key: SecretKeyFile,
}

impl Command {
    pub(super) async fn run(self) -> Result<(), Failure> {
        match self {
            Self::List { at, json } => list(&at, json).await,
            Self::Create(input) => create(*input).await,
            Self::Enable { one, backlog } => {
                let input = UpdateEndpoint { active: Some(true), backlog: Some(backlog), ..UpdateEndpoint::default() };
                switch(one, input, "Switched on").await
            }
            Self::Disable(one) => {
                let input = UpdateEndpoint { active: Some(false), ..UpdateEndpoint::default() };
                switch(one, input, "Switched off").await
            }
            Self::Test(input) => test(*input).await,
            Self::Deliveries { one, status, limit } => deliveries(one, status, limit).await,
            Self::Resend { one, delivery } => {
                let (app, workspace) = one.at.open().await?;
                let delivery = webhooks::resend(&app, manager(workspace.id), one.webhook, delivery).await?;
                if one.json {
                    return output::json(&DeliveryView::new(delivery, None));
                }
                output::line(format!("Delivery {} of {} is due now: a running node sends it.", delivery.id, delivery.event))
            }
        }
    }
}

/// The operator, who may manage all webhooks.
fn manager(workspace: WorkspaceId) -> Manager {
    Manager { workspace, context: operator(), reach: Reach::everything(), is_recent: true }
}

async fn list(at: &InWorkspace, as_json: bool) -> Result<(), Failure> {
    let (app, workspace) = at.open().await?;
    let part =
        async |paging| webhooks::list(app.db.read(), workspace.id, Reach::everything(), EndpointFilter::default(), paging).await;
    let all = output::all_pages(part).await?;
    if as_json {
        let mut views = Vec::new();
        for endpoint in all {
            views.push(webhooks::view(&app, endpoint).await?);
        }
        return output::json(&views);
    }
    let row = |endpoint: &Endpoint| {
        let last = endpoint.health.last_success_at.map_or_else(|| "never".to_owned(), |time| time.to_string());
        [endpoint.id.to_string(), endpoint.url.clone(), endpoint.events.to_string(), endpoint.status().as_str().to_owned(), last]
    };
    output::table(["ID", "URL", "EVENTS", "STATUS", "LAST SUCCESS"], &all.iter().map(row).collect::<Vec<_>>())
}

async fn create(input: Create) -> Result<(), Failure> {
    let create = validated(CreateEndpoint {
        url: input.url,
        description: input.description,
        events: input.event,
        active: true,
        secret: None,
        schedule: Some(input.schedule),
    })?;
    let config = Config {
        secret_keys: input.secret_key.open_or_make(&input.at.database).await?.map(Arc::new),
        webhooks: input.allowed.settings()?,
        ..Config::default()
    };
    let (app, workspace) = input.at.open_with(config).await?;
    let made = webhooks::create(&app, manager(workspace.id), create, None).await?;
    let secret = made.secret.expose().to_owned();
    if input.json {
        let webhook = webhooks::view(&app, made.endpoint).await?.looked_up(made.lookup);
        return output::json(&json!({ "secret": secret, "webhook": webhook }));
    }
    if made.lookup == Lookup::Nothing {
        output::line("The host name of this URL leads to no address now. Deliveries fail until it does.")?;
    }
    let id = made.endpoint.id;
    output::line(format!("Created {id}. Copy the signing secret now; it cannot be shown again:"))?;
    output::line(secret)
}

async fn switch(one: One, input: UpdateEndpoint, done: &str) -> Result<(), Failure> {
    let (app, workspace) = one.at.open().await?;
    let (endpoint, _) = webhooks::update(&app, manager(workspace.id), one.webhook, input).await?;
    if one.json {
        return output::json(&webhooks::view(&app, endpoint).await?);
    }
    output::line(format!("{done} {} ({}).", endpoint.id, endpoint.url))
}

async fn test(input: Test) -> Result<(), Failure> {
    let One { at, webhook, json } = input.one;
    let config = Config {
        secret_keys: input.secret_key.open_or_make(&at.database).await?.map(Arc::new),
        webhooks: input.settings.settings()?,
        ..Config::default()
    };
    let (app, workspace) = at.open_with(config).await?;
    let event_type = TestWebhook { event_type: input.event_type };
    let attempt = webhooks::test(&app.webhooks, &app, manager(workspace.id), webhook, event_type).await?;
    let (took, error, status) = (format!("{} ms", attempt.duration_ms), attempt.error.clone(), attempt.status_code);
    if json {
        output::json(&AttemptView::from(attempt))?;
    }
    match (error, status) {
        (Some(error), _) => Err(Failure::refused(format!("the test failed after {took}: {error}"))),
        _ if json => Ok(()),
        (None, Some(status)) => output::line(format!("The receiver answered {status} after {took}.")),
        (None, None) => output::line(format!("The test was sent in {took}.")),
    }
}

async fn deliveries(one: One, status: Option<DeliveryStatus>, limit: u32) -> Result<(), Failure> {
    let (app, workspace) = one.at.open().await?;
    let filter = DeliveryFilter { status, ..DeliveryFilter::default() };
    let found = found(&app, workspace.id, one.webhook, filter, Paging::page(1, limit)).await?;
    if one.json {
        return output::json(&found);
    }
    let row = |delivery: &DeliveryView| delivery.cells();
    output::table(["ID", "CREATED", "TYPE", "STATUS", "ATTEMPTS", "RESPONSE"], &found.iter().map(row).collect::<Vec<_>>())
}

async fn found(
    app: &App,
    workspace: WorkspaceId,
    id: EndpointId,
    filter: DeliveryFilter,
    paging: Paging,
) -> Result<Vec<DeliveryView>, Failure> {
    let endpoint = webhooks::find(app.db.read(), workspace, id).await?.ok_or(webhooks::Error::NotFound)?;
    let page = webhooks::deliveries(app.db.read(), endpoint.id, Reach::everything(), filter, paging).await?;
    let mut last = webhooks::last_attempts(app.db.read(), &page.items).await?;
    let view = |delivery: Delivery| {
        let last = last.remove(&delivery.id);
        DeliveryView::new(delivery, last)
    };
    Ok(page.items.into_iter().map(view).collect())
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command};

    use super::*;

    #[test]
    fn endpoint_url_is_not_that_of_the_api() {
        let command = Create::augment_args(Command::new("create"));
        let url = command.get_arguments().find(|argument| argument.get_id() == "url").expect("--url");
        assert_eq!(url.get_env().and_then(|name| name.to_str()), Some("PLANECONNECTION_ENDPOINT_URL"));
    }
}
