//! Query plans of the statements that a request executes, by the log.

use kit::db::{DbResult, rows_of_statement};
use sea_orm::{ConnectionTrait, DbBackend, Statement};

use crate::support::{Lines, TestApp};

/// The steps by which a list would be read.
#[derive(Debug)]
pub struct Plan(pub Vec<String>);

impl Plan {
    /// No step sorts, or reads a whole table.
    pub fn is_by_index(&self) -> bool {
        let sorts_or_scans = |step: &String| {
            ["TEMP B-TREE", "Sort", "Seq Scan"].iter().any(|bad| step.contains(bad))
                || (step.starts_with("SCAN") && !step.contains("INDEX"))
        };
        self.0.iter().any(|step| step.contains("INDEX") || step.contains("Index")) && !self.0.iter().any(sorts_or_scans)
    }
}

/// The query plan of a page of this list.
pub async fn plan(t: &TestApp, list: &str) -> Plan {
    plan_of(t, list, "a page of a list").await
}

/// The query plans of the statements that were logged for this list.
pub async fn plan_of(t: &TestApp, list: &str, what: &str) -> Plan {
    let owner = t.owner().await;
    let mut plans = plans_during(t, what, async { owner.get(list).await.is(200) }).await;
    assert_eq!(plans.len(), 1, "{list}");
    plans.remove(0)
}

/// The query plans of the statements that were logged during a request.
pub async fn plans_during<R>(t: &TestApp, what: &str, request: impl Future<Output = R>) -> Vec<Plan> {
    let (lines, listening) = Lines::of_this_thread();
    request.await;
    drop(listening);
    let log = String::from_utf8(lines.bytes()).expect("text");
    let before = format!("{what} sql=");
    let mut plans = Vec::new();
    for sql in log.lines().filter_map(|line| line.split_once(&before)).map(|(_, sql)| sql) {
        plans.push(Plan(steps(t, sql).await.expect("a plan")));
    }
    plans
}

pub async fn steps(t: &TestApp, sql: &str) -> DbResult<Vec<String>> {
    let tx = t.app.db.begin().await?;
    let engine = tx.get_database_backend();
    let explain = |explain: &str| Statement::from_string(engine, format!("{explain} {sql}"));
    if engine == DbBackend::Postgres {
        // A table of a few rows it would rather read as a whole.
        for way in ["seqscan", "bitmapscan", "sort"] {
            tx.execute_unprepared(&format!("SET LOCAL enable_{way} = off")).await?;
        }
        let rows = rows_of_statement::<(String,)>(&tx, explain("EXPLAIN")).await?;
        Ok(rows.into_iter().map(|(step,)| step).collect())
    } else {
        let rows = rows_of_statement::<(i64, i64, i64, String)>(&tx, explain("EXPLAIN QUERY PLAN")).await?;
        Ok(rows.into_iter().map(|(_, _, _, step)| step).collect())
    }
}
