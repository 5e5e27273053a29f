//! The lists, however long they are, are read by an index: one that has them in order, or, where a filter leaves a few of
//! many rows, one that finds these.

mod ids;
mod plan;

use planeconnection::keys::{self, end_rotations, rotations_blocked};
use planeconnection::members::Role;
use sea_orm::{ConnectionTrait, Statement};
use serde_json::json;
use testkit::{INVOICES, KEYS};

use self::plan::{Plan, plan, plan_of, plans_during, steps};
use crate::lists::{PASSKEYS, SUBJECTS};
use crate::support::{TestApp, read_only_key};
use crate::webhooks::{WEBHOOKS, webhook};

/// Lists in the order they are shown in, unfiltered: what people and programs open first.
const LISTS: [&str; 8] = [
    "/api/v1/api-keys",
    "/api/v1/members",
    "/api/v1/ops/trips",
    "/api/v1/ops/aircraft",
    "/api/v1/sms/reports",
    "/api/v1/ops/invoices",
    "/api/v1/audit-log",
    "/api/v1/webhooks",
];

/// Filters, and the indexes that find what they leave.
const FILTERED: [(&str, &[&str]); 14] = [
    ("/api/v1/api-keys?status=revoked", &["api_keys_by_age_revoked"]),
    ("/api/v1/api-keys?status=paused", &["api_keys_by_age_paused"]),
    ("/api/v1/api-keys?expiring=true", &["api_keys_by_end"]),
    ("/api/v1/api-keys?custodian_id=user_01h455vb4pex5vsknk084sn02q", &["api_keys_by_custodian"]),
    ("/api/v1/ops/trips?status=cancelled", &["trips_by_status"]),
    ("/api/v1/ops/trips?date_from=2026-11-01&date_to=2026-11-02", &["trips_by_departure"]),
    ("/api/v1/ops/trips?updated_since=2026-11-23", &["trips_by_update"]),
    ("/api/v1/ops/trips?external_id=FOS-1001", &["trips_by_external_id"]),
    ("/api/v1/ops/invoices?external_id=SAP-4711", &["invoices_by_external_id"]),
    ("/api/v1/ops/invoices?due_from=2026-11-01&due_to=2026-11-02", &["invoices_by_due_date"]),
    ("/api/v1/audit-log?action=api_key.created", &["audit_events_by_action"]),
    ("/api/v1/audit-log?outcome=denied", &["audit_events_by_outcome"]),
    ("/api/v1/audit-log?actor_id=key_01h455vb4pex5vsknk084sn02q", &["audit_events_by_actor"]),
    ("/api/v1/audit-log?api_key_id=key_01h455vb4pex5vsknk084sn02q", &["audit_events_by_actor", "audit_events_by_target"]),
];

#[tokio::test]
async fn every_list_is_read_in_index_order() {
    let t = TestApp::new().await;
    for list in LISTS {
        let plan = plan(&t, list).await;
        assert!(plan.is_by_index(), "{list}: {:?}", plan.0);
    }
}

#[tokio::test]
async fn trips_are_read_and_walked_in_every_order_by_index() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for number in 0..3 {
        SUBJECTS[3].create(&owner, number).await;
    }
    for (sort, column, index) in [
        ("departure_date", "departure_date", "trips_by_departure_and_id"),
        ("updated_at", "updated_at", "trips_by_update_and_id"),
        ("created_at", "created_at", "trips_by_age"),
    ] {
        for (direction, comparison) in [("", '>'), ("-", '<')] {
            let list = format!("/api/v1/ops/trips?page_size=1&sort={direction}{sort}");
            let cursor = owner.get(&list).await.is(200).text_at("/data/next_cursor");
            let (first, next) = (plan(&t, &list).await, plan(&t, &format!("{list}&cursor={cursor}")).await);
            for plan in [&first, &next] {
                assert!(plan.is_by_index() && plan.0.iter().any(|step| step.contains(index)), "{list}: {plan:?}");
            }
            let is_place = |step: &String| step.contains(column) && step.contains(comparison) && !step.contains("Filter");
            assert!(next.0.iter().any(is_place), "{list}: {next:?}");
        }
    }
}

/// The pages of the data: the same lists, and the few rows of Home.
#[tokio::test]
async fn pages_of_data_are_read_by_index() {
    let t = TestApp::in_a_file().await;
    let owner = t.person(Role::AccountOwner).await;
    let aircraft = "ac_01h455vb4pex5vsknk084sn02q";
    for (path, indexes) in [
        ("/trips", ["trips_by_age"].as_slice()),
        (&format!("/trips?aircraft_id={aircraft}"), &["trips_by_aircraft"]),
        ("/trips?status=cancelled", &["trips_by_status"]),
        ("/fleet", &["aircraft_by_age"]),
        ("/fleet?status=aog", &["aircraft_by_status"]),
        ("/safety", &["reports_by_age"]),
        ("/safety?status=closed", &["reports_by_status"]),
        ("/invoices", &["invoices_by_age"]),
        ("/invoices?status=draft", &["invoices_by_status"]),
        ("/", &["trips_by_departure", "aircraft_by_status", "reports_by_age", "invoices_by_status_due_date"]),
    ] {
        let plans = plans_during(&t, "a page of a list", async { owner.get(path).await.is(200) }).await;
        assert!(plans.iter().all(Plan::is_by_index), "{path}: {plans:?}");
        for index in indexes {
            assert!(
                plans.iter().flat_map(|plan| &plan.0).any(|step| step.contains(index)),
                "{path}: {index} is not in {plans:?}"
            );
        }
    }
    let pilot = t.person(Role::Pilot).await;
    let plans = plans_during(&t, "a page of a list", async { pilot.get("/safety").await.is(200) }).await;
    assert!(plans.iter().all(|plan| plan.is_by_index() && plan.0[0].contains("reports_by_reporter")), "{plans:?}");
}

#[tokio::test]
async fn payments_of_an_invoice_are_read_in_index_order() {
    let t = TestApp::new().await;
    let invoice = json!({
        "client": { "name": "Alpine Charter AG" }, "currency": "CHF", "dueDate": "2026-12-23",
        "lineItems": [{ "description": "Flight hours", "quantity": "1", "unitPrice": 100 }],
    });
    let id = t.owner().await.post(INVOICES, invoice).await.is(201).text_at("/data/id");
    let plan = plan(&t, &format!("{INVOICES}/{id}/payments")).await;
    assert!(plan.is_by_index() && plan.0.iter().any(|step| step.contains("payments_by_age")), "{:?}", plan.0);
}

#[tokio::test]
async fn deliveries_of_a_webhook_are_read_in_index_order() {
    let t = TestApp::new().await;
    let id = webhook(&t.owner().await, &["*"]).await;
    let plan = plan(&t, &format!("{WEBHOOKS}/{id}/deliveries")).await;
    assert!(plan.is_by_index() && plan.0.iter().any(|step| step.contains("webhook_deliveries_by_endpoint")), "{:?}", plan.0);
}

#[tokio::test]
async fn passkeys_of_a_member_are_read_in_index_order() {
    let t = TestApp::new().await;
    let plan = plan(&t, PASSKEYS).await;
    assert!(plan.is_by_index() && plan.0.iter().any(|step| step.contains("passkeys_by_member")), "{:?}", plan.0);
}

/// A walk finds its place by the index: it does not read the rows before it, as a page with a large number does.
#[tokio::test]
async fn walk_finds_its_place_by_index() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for number in 0..3 {
        for subject in &SUBJECTS {
            subject.create(&owner, number).await;
        }
    }
    for list in LISTS {
        let first = owner.get(&format!("{list}?page_size=1")).await.is(200);
        let plan = plan(&t, &format!("{list}?page_size=1&cursor={}", first.text_at("/data/next_cursor"))).await;
        assert!(plan.is_by_index(), "{list}: {:?}", plan.0);
        // SQLite: (created_at,id)<(?,?); Postgres: ROW(created_at, id) < ROW(…).
        let is_place = |step: &String| {
            let order = if list.ends_with("audit-log") { "sequence" } else { "created_at" };
            step.contains(order) && step.contains('<') && !step.contains("Filter")
        };
        assert!(plan.0.iter().any(is_place), "{list}: {:?}", plan.0);
    }
}

/// Told of SQLite, which looks at the statement alone; Postgres looks at what is in the table, and here is nothing.
#[tokio::test]
async fn every_filter_has_its_own_index() {
    let t = TestApp::in_a_file().await;
    for (list, indexes) in FILTERED {
        let plan = plan(&t, list).await;
        for index in indexes {
            assert!(plan.0.iter().any(|step| step.contains(index)), "{list}: {index} is not in {:?}", plan.0);
        }
    }
}

/// These filters leave too much to be found by an index: the list is read in its order until it is full, and each key's last use is
/// looked up.
#[tokio::test]
async fn other_filters_of_keys_are_read_in_index_order() {
    let t = TestApp::in_a_file().await;
    for filter in ["unused=true", "no_expiration=true", "can_write=true", "module=fleet"] {
        let plan = plan(&t, &format!("/api/v1/api-keys?{filter}")).await;
        assert!(plan.is_by_index() && plan.0.iter().any(|step| step.contains("api_keys_by_age")), "{filter}: {:?}", plan.0);
    }
}

/// Read for the page that removes a member, and for the keys that nobody is responsible for.
#[tokio::test]
async fn keys_in_custody_are_found_by_their_index() {
    let t = TestApp::in_a_file().await;
    let db = t.app.db.read();
    for (what, plans) in [
        (
            "keys in custody",
            plans_during(&t, "keys in custody", keys::in_custody(db, t.workspace.id, t.owner.id, t.app.clock.now(), 20)).await,
        ),
        (
            "custodians of keys",
            plans_during(&t, "custodians of keys", keys::orphaned(db, t.workspace.id, t.app.clock.now(), 20)).await,
        ),
    ] {
        assert!(plans.len() == 1 && plans[0].0.iter().any(|step| step.contains("api_keys_by_custodian")), "{what}: {plans:?}");
        // The custodians: the first one, and each by a search for the next one.
        let of_keys: Vec<_> = plans[0].0.iter().filter(|step| step.contains("api_keys")).collect();
        assert!(of_keys.iter().all(|step| step.starts_with("SEARCH")), "{what}: {plans:?}");
        assert_eq!(of_keys.iter().any(|step| step.contains("<expr>>?")), what == "custodians of keys", "{what}: {plans:?}");
    }
}

/// As above; and no row of a key is read for it.
#[tokio::test]
async fn key_counts_read_only_indexes() {
    let t = TestApp::in_a_file().await;
    let plan = plan_of(&t, "/api/v1/api-keys", "a count of keys").await;
    let of_keys: Vec<_> = plan.0.iter().filter(|step| step.contains("api_keys")).collect();
    assert!(of_keys.len() == 8 && of_keys.iter().all(|step| step.contains("COVERING INDEX")), "{:?}", plan.0);
    assert!(of_keys.iter().any(|step| step.contains("api_keys_by_revocation")), "{:?}", plan.0);
    assert!(of_keys.iter().any(|step| step.contains("api_keys_by_pause")), "{:?}", plan.0);
}

#[tokio::test]
async fn names_of_keys_are_loaded_and_updated_by_index() {
    let t = TestApp::in_a_file().await;
    let owner = t.owner().await;
    for (name, index) in [("First", "api_keys_by_age"), ("Second", "api_keys_by_revision")] {
        t.named_key(name).await;
        let search = async { owner.get("/api/v1/api-keys?search=dash").await.is(200) };
        let plans = plans_during(&t, "names of keys", search).await;
        let is_by_index = |plan: &Plan| plan.is_by_index() && plan.0.iter().any(|step| step.contains(index));
        assert!(plans.len() == 1 && plans.iter().all(is_by_index), "{index}: {plans:?}");
    }
}

#[tokio::test]
async fn request_log_is_read_in_index_order() {
    let t = TestApp::new().await;
    let key = t.named_key("Reader").await;
    let owner = t.owner().await;
    let explain = async { owner.get("/api/v1/requests/4bf92f3577b34da6").await.is(200) };
    let refusals = plans_during(&t, "refusals with a request id", explain).await;
    assert_eq!(refusals.len(), 2, "of the workspace, and of none");
    let list = async { owner.get(&format!("{KEYS}/{}/requests", key.id)).await.is(200) };
    let latest = plans_during(&t, "latest requests of a key", list).await;
    assert!(!latest.is_empty() && latest.iter().chain(&refusals).all(Plan::is_by_index), "{refusals:?} {latest:?}");
}

#[tokio::test]
async fn keys_by_name_are_read_in_index_order() {
    let t = TestApp::new().await;
    let admin = t.person(Role::Admin).await;
    for order in ["name", "-name"] {
        let plans =
            plans_during(&t, "a page of a list", async { admin.get(&format!("/settings/api-keys?sort={order}")).await }).await;
        let is_by_name = |plan: &Plan| plan.is_by_index() && plan.0.iter().any(|step| step.contains("api_keys_by_sort_name"));
        assert!(plans.iter().any(is_by_name), "{order}: {plans:?}");
    }
}

/// Read for each key that is created, in a workspace of many.
#[tokio::test]
async fn names_alike_are_found_by_their_indexes() {
    let t = TestApp::in_a_file().await;
    let admin = t.admin().await;
    let create = async { admin.post(KEYS, read_only_key("Website")).await.is(201) };
    let plans = plans_during(&t, "keys with a name alike", create).await;
    let indexes = ["api_keys_by_sort_name", "api_keys_by_name_skeleton", "api_keys_outdated"];
    assert_eq!(plans.len(), indexes.len(), "{plans:?}");
    for (plan, index) in plans.iter().zip(indexes) {
        assert!(plan.is_by_index() && plan.0.iter().any(|step| step.contains(index)), "{index}: {plan:?}");
    }
}

/// They are read with every page of an administrator, for their number.
#[tokio::test]
async fn findings_are_read_by_their_indexes() {
    let t = TestApp::in_a_file().await;
    t.named_key("Website").await;
    let owner = t.owner().await;
    let plans = plans_during(&t, "keys for findings", async { owner.get("/api/v1/findings").await.is(200) }).await;
    for plan in &plans {
        assert!(plan.is_by_index(), "{plan:?}");
    }
    for index in
        ["api_keys_by_end", "revoked_key_calls_by_time", "key_checks_by_start", "api_keys_open_by_age", "api_keys_by_rotation"]
    {
        assert!(plans.iter().any(|plan| plan.0.iter().any(|step| step.contains(index))), "{index}: {plans:?}");
    }
}

/// Looked for every second, and for each administrator's first page.
#[tokio::test]
async fn ended_and_blocked_rotations_are_found_by_their_indexes() {
    let t = TestApp::in_a_file().await;
    let ended = Box::pin(async { end_rotations(&t.app.keys).await.expect("a run") });
    let mut plans = plans_during(&t, "rotations that ended", ended).await;
    let blocked = async { rotations_blocked(t.app.db.read(), t.workspace.id, t.app.clock.now(), 10).await.expect("keys") };
    plans.extend(plans_during(&t, "blocked rotations", blocked).await);
    for (plan, index) in plans.iter().zip(["api_keys_by_revoke_old_at", "api_keys_by_rotation_blocked"]) {
        assert!(plan.is_by_index() && plan.0.iter().any(|step| step.contains(index)), "{index}: {plan:?}");
    }
    assert_eq!(plans.len(), 2, "{plans:?}");
}

/// A foreign key does not name the workspace: for each row that a reset of the sandbox deletes, the rows that refer to it are looked for
/// by these.
#[tokio::test]
async fn rows_that_refer_to_a_deleted_one_are_found_by_their_indexes() {
    let t = TestApp::in_a_file().await;
    for (table, column) in [("trips", "aircraft_id"), ("invoices", "trip_id"), ("payments", "invoice_id")] {
        let (index, none) = (format!("{table}_by_{column}"), "00000000-0000-0000-0000-000000000000");
        let plan = steps(&t, &format!("SELECT id FROM {table} WHERE {column} = '{none}'")).await.map(Plan).expect("a plan");
        assert!(plan.is_by_index() && plan.0.iter().any(|step| step.contains(&index)), "{index}: {plan:?}");
    }
}

/// Otherwise it would compile every list anew with every request (`.cargo/config.toml`).
#[tokio::test]
async fn sqlite_plan_does_not_depend_on_the_limit() {
    let t = TestApp::in_a_file().await;
    let read = t.app.db.read();
    let asked = Statement::from_string(read.get_database_backend(), "SELECT sqlite_compileoption_used('ENABLE_QPSG')");
    let row = read.query_one_raw(asked).await.expect("an answer").expect("a row");
    assert_eq!(row.try_get_by_index::<i64>(0).expect("a number"), 1);
}
