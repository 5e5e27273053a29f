//! Keys that are read by their ids.

use planeconnection::keys::{self, KeyId, hygiene};
use serde_json::json;
use testkit::KEYS;

use super::plan::{Plan, plans_during};
use crate::support::TestApp;

/// SQLite would rather read every key of the workspace, by an index that begins with it.
#[tokio::test]
async fn keys_by_id_are_read_by_their_primary_key() {
    let t = TestApp::in_a_file().await;
    let (owner, key) = (t.owner().await, t.named_key("Website").await);
    let paused = async { owner.post(&format!("{KEYS}/bulk/pause"), json!({ "ids": [key.id] })).await.is(200) };
    let plans = plans_during(&t, "keys by id", paused).await;
    assert!(!plans.is_empty() && plans.iter().all(|plan| plan.0.iter().any(|step| step.contains("(id=?)"))), "{plans:?}");
}

#[tokio::test]
async fn names_of_keys_with_findings_are_read_by_their_primary_key() {
    let t = TestApp::in_a_file().await;
    let key: KeyId = t.named_key("Website").await.id.parse().expect("an id");
    let names = async { hygiene::names(t.app.db.read(), t.workspace.id, vec![key]).await.expect("names") };
    let plans = plans_during(&t, "names of keys by id", names).await;
    assert!(plans.len() == 1 && plans[0].0.iter().any(|step| step.contains("(id=?)")), "{plans:?}");
}

/// Names are searched in memory: no search reads all keys of the workspace.
#[tokio::test]
async fn keys_that_a_search_finds_are_read_by_their_ids() {
    let t = TestApp::in_a_file().await;
    t.named_key("Dashboard").await;
    let owner = t.owner().await;
    let is_by_id = |plan: &Plan| plan.0.iter().any(|step| step.contains("(id=?)"));
    for (filter, what) in [
        ("", "keys by id"),
        ("&status=active", "keys by id"),
        ("&no_expiration=true", "a page of a list"),
        ("&no_expiration=true", "a count of filtered keys"),
    ] {
        let list = format!("/api/v1/api-keys?search=dash{filter}");
        let plans = plans_during(&t, what, async { owner.get(&list).await.is(200) }).await;
        assert!(plans.len() == 1 && plans.iter().all(is_by_id), "{what} of {list}: {plans:?}");
    }
    let suggest = async { keys::suggest(&t.app.keys, t.workspace.id, "dash", 8, t.app.clock.now()).await.expect("keys") };
    let plans = plans_during(&t, "keys by id", suggest).await;
    assert!(plans.len() == 1 && plans.iter().all(is_by_id), "{plans:?}");
}
