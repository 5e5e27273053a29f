//! The tables that `copy` copies.

use std::collections::BTreeSet;

use kit::db::names;
use planeconnection::cli;

use crate::support::EmptyApp;

/// Tables that are not copied: applied migrations, and rows of running nodes.
const LEFT: [&str; 2] = ["nodes", "seaql_migrations"];

#[tokio::test]
async fn every_table_is_copied() {
    let t = EmptyApp::new().await;
    let there: BTreeSet<String> = names(&t.app.db).await.expect("the tables").into_iter().collect();
    let copied: Vec<String> = cli::tables().iter().map(|table| table.name().to_owned()).collect();
    let known: BTreeSet<String> = copied.iter().cloned().chain(LEFT.map(str::to_owned)).collect();
    assert_eq!(there, known);
    assert_eq!(copied.len() + LEFT.len(), known.len(), "a table is named twice");
}
