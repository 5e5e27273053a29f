//! The cost of counting the use of many keys, and of writing it.

use std::net::Ipv4Addr;
use std::time::Instant;

use key_format::SecretDigest;
use planeconnection::keys::{EntryRef, Flush};
use sea_orm::{ConnectionTrait, QueryResult, Statement};

use super::{CALLS, Node, median, millis};

impl Node {
    /// The usage of this many keys in a second, flushed together.
    pub(super) async fn usage(&self) {
        let tx = self.app.db.begin().await.expect("a transaction");
        tx.execute_unprepared("UPDATE revisions SET value = (SELECT max(revision) FROM api_keys)").await.expect("a revision");
        tx.commit().await.expect("a commit");
        self.app.cluster.heartbeat().await.expect("a beat");
        let read = self.app.db.read();
        let digests = Statement::from_string(read.get_database_backend(), "SELECT digest FROM api_keys");
        let digests = read.query_all_raw(digests).await.expect("digests");
        let entry = |row: &QueryResult| {
            let digest: Vec<u8> = row.try_get_by_index(0).expect("a digest");
            self.app.index.get(&SecretDigest(digest.try_into().expect("32 bytes"))).expect("a key")
        };
        let entries: Vec<EntryRef> = digests.iter().map(entry).collect();
        println!(
            "| keys used since the last flush | count first request | count another | first flush, with an event per key | \
             next flush |"
        );
        println!("| ---: | ---: | ---: | ---: | ---: |");
        let mut fresh = entries.as_slice();
        for keys in [1, 1_000, 50_000] {
            let (used, rest) = fresh.split_at(keys);
            fresh = rest;
            let count = || {
                let begun = Instant::now();
                for entry in used {
                    self.app.recorder.allow(entry, None, Ipv4Addr::LOCALHOST.into(), self.app.clock.now());
                }
                begun.elapsed().as_secs_f64() * 1e9 / f64::from(u32::try_from(keys).unwrap_or(u32::MAX))
            };
            let flush = async || {
                let begun = Instant::now();
                // As at a stop, which does not wait after many keys.
                self.app.recorder.flush(&self.app, Flush::Last).await;
                assert!(self.app.recorder.is_empty(), "all of it is written");
                millis(begun)
            };
            count();
            let first = flush().await;
            let mut again = Vec::new();
            for _ in 0..CALLS {
                count();
                again.push(flush().await);
            }
            let (one, another) = (count(), count());
            flush().await;
            println!("| {keys} | {one:.0} ns | {another:.0} ns | {first:.1} ms | {:.1} ms |", median(again));
        }
        println!();
    }
}
