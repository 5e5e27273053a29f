//! The lists, however long they are, are read by an index that has them in order.

use sea_orm::{ConnectionTrait, Statement};

use crate::support::{Lines, TestApp};

/// Lists in the order they are shown in, unfiltered: what people and programs open first.
const LISTS: [&str; 6] = [
    "/api/v1/api-keys",
    "/api/v1/ops/trips",
    "/api/v1/ops/aircraft",
    "/api/v1/sms/reports",
    "/api/v1/ops/invoices",
    "/api/v1/audit-log",
];

#[tokio::test]
async fn every_list_is_read_in_order_by_an_index() {
    let t = TestApp::in_a_file().await;
    let owner = t.owner().await;
    for list in LISTS {
        let (lines, _listening) = Lines::of_this_thread();
        owner.get(list).await.is(200);
        let log = String::from_utf8(lines.bytes()).expect("text");
        let asked: Vec<&str> =
            log.lines().filter_map(|line| line.split_once("a page of a list sql=")).map(|(_, sql)| sql).collect();
        assert_eq!(asked.len(), 1, "{list}: {log}");
        let plan = plan(&t, asked[0]).await;
        assert!(
            plan.iter().all(|step| step.contains("USING INDEX") || step.contains("USING COVERING INDEX")),
            "{list}: {plan:?}"
        );
    }
}

/// The steps by which SQLite would read it: one that sorts, or reads a whole table, names no index.
async fn plan(t: &TestApp, sql: &str) -> Vec<String> {
    let db = t.app.db.read();
    let explain = Statement::from_string(db.get_database_backend(), format!("EXPLAIN QUERY PLAN {sql}"));
    let steps = db.query_all_raw(explain).await.expect("a plan");
    steps.iter().map(|step| step.try_get("", "detail").expect("a step")).collect()
}
