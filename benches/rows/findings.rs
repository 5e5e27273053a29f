//! The cost of findings, of keys that are all in need of attention.

use std::time::Instant;

use planeconnection::keys::hygiene;
use sea_orm::ConnectionTrait;

use super::{CALLS, Node, median, millis};

/// Statements that make every key one that can write, with uses an hour ago of one of its scopes from one network.
const USES: [&str; 5] = [
    "UPDATE api_keys SET scopes = 15",
    "DELETE FROM api_key_last_uses",
    "INSERT INTO api_key_last_uses (key_id, at, ip) SELECT id, {now}, '203.0.113.7' FROM api_keys",
    "INSERT INTO api_key_usage (workspace_id, key_id, hour, scope, allowed, denied) SELECT workspace_id, id, {now}, 0, 10, 0 \
     FROM api_keys",
    "INSERT INTO api_key_addresses (workspace_id, key_id, ip, first_used_at, last_used_at) SELECT workspace_id, id, \
     '203.0.113.7', {now}, {now} FROM api_keys",
];

impl Node {
    /// Needs the keys.
    pub(super) async fn findings(&self) {
        println!("| findings of 100,000 keys | first page | one code | one key | review |");
        println!("| --- | ---: | ---: | ---: | ---: |");
        self.execute(&["UPDATE revisions SET value = (SELECT max(revision) FROM api_keys)".to_owned()]).await;
        self.findings_of("never used").await;
        let now = (self.dialect.time)("0").replace("2020-01-01", &self.app.clock.now().date().to_string());
        let statements: Vec<String> = USES.iter().map(|statement| statement.replace("{now}", &now)).collect();
        self.execute(&statements).await;
        self.execute(&["DELETE FROM key_checks".to_owned(), "DELETE FROM key_check_progress".to_owned()]).await;
        self.findings_of("used lately").await;
        println!();
    }

    async fn findings_of(&self, which: &str) {
        let begun = Instant::now();
        // A run has an end; the rest is for the next one.
        for _ in 0..3 {
            hygiene::review(&self.app).await.expect("a review");
        }
        let review = millis(begun);
        self.settle().await;
        let keys = self.ask(axum::http::Method::GET, "/api/v1/api-keys?page_size=1", axum::body::Body::empty()).await;
        let keys: serde_json::Value = serde_json::from_slice(&keys).expect("JSON");
        let key = keys["data"]["items"][0]["id"].as_str().expect("an id");
        let mut cells = Vec::new();
        for query in [String::new(), "?code=key_unused".to_owned(), format!("?api_key_id={key}")] {
            let mut took = Vec::new();
            for _ in 0..CALLS {
                let begun = Instant::now();
                self.get(&format!("/api/v1/findings{query}")).await;
                took.push(millis(begun));
            }
            cells.push(format!("{:.1} ms", median(took)));
        }
        println!("| {which} | {} | {review:.0} ms |", cells.join(" | "));
    }

    async fn execute(&self, statements: &[String]) {
        let tx = self.app.db.begin().await.expect("a transaction");
        for statement in statements {
            tx.execute_unprepared(statement).await.expect("a statement");
        }
        tx.commit().await.expect("a commit");
        self.settle().await;
    }
}
