//! The latest requests of a key, a sample.

use crate::app::App;
use crate::keys::model::Key;
use crate::requests::{self, LatestRequest};
use kit::db::DbResult;
use kit::page::{Moment, Moments};

/// The number of requests that are shown at first.
const FEW: usize = 10;

/// The latest requests of the key.
pub(super) struct LatestSection {
    pub(super) first: Vec<RequestRow>,
    pub(super) more: Vec<RequestRow>,
}

/// A request with the key.
pub(super) struct RequestRow {
    pub(super) at: Moment,
    pub(super) method: String,
    pub(super) route: String,
    pub(super) status: u16,
    /// The code of an error response.
    pub(super) code: Option<String>,
    pub(super) address: String,
    pub(super) request_id: String,
    /// The link to the reason, if the request was refused.
    pub(super) why: Option<String>,
}

impl LatestSection {
    pub(super) async fn read(app: &App, key: &Key, at: &Moments) -> DbResult<Self> {
        let requests = requests::latest(app, &app.requests, key.workspace, key.id).await?;
        let mut first: Vec<_> = requests.into_iter().map(|request| row(request, at)).collect();
        let more = first.split_off(FEW.min(first.len()));
        Ok(Self { first, more })
    }
}

fn row(request: LatestRequest, at: &Moments) -> RequestRow {
    let is_refused = matches!(request.status, 401 | 403 | 429) || request.code.as_deref() == Some("CREDENTIAL_IN_URL");
    RequestRow {
        at: at.exactly(request.at),
        method: request.method,
        route: request.route.unwrap_or_else(|| "–".to_owned()),
        status: request.status,
        code: request.code,
        address: request.address.unwrap_or_else(|| "–".to_owned()),
        why: is_refused.then(|| requests::link(&request.request_id)),
        request_id: request.request_id,
    }
}
