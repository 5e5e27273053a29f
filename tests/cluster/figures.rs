//! The duration of a revocation with three healthy nodes: `cargo test --release --test cluster figures -- --ignored
//! --nocapture`. Printed, not asserted: a busy machine is slower, and not wrong.

use std::time::Duration;

use testkit::{Client, Node};

use crate::load::Load;
use crate::test_cluster::{TestCluster, revoking_takes};

const ROUNDS: usize = 400;

#[test]
#[ignore = "prints figures and asserts nothing of them"]
fn figures() {
    let cluster = TestCluster::new();
    let nodes = cluster.nodes::<3>();
    let token = nodes[0].sign_in();
    let mut owners = nodes.each_ref().map(|node| node.owner_with(&token));
    measure("three nodes, no load", &mut owners);
    for clients in [3, 12] {
        under_load(&nodes, &mut owners, clients);
    }
}

fn under_load(nodes: &[Node; 3], owners: &mut [Client; 3], clients: usize) {
    let load = Load::default();
    load.add(owners[0].create_key(&format!("Load of {clients}"), &["trips:read"]));
    std::thread::scope(|scope| {
        for node in nodes.iter().cycle().take(clients) {
            scope.spawn(|| load.run(|| node.address));
        }
        let begun = std::time::Instant::now();
        measure(&format!("three nodes, {clients} clients without pause"), owners);
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        let rate = load.requests() as f64 / begun.elapsed().as_secs_f64();
        println!("  meanwhile {rate:.0} requests a second on this machine");
        load.end();
    });
}

fn measure(what: &str, owners: &mut [Client; 3]) {
    let mut took: Vec<Duration> = (0..ROUNDS)
        .map(|round| {
            let key = owners[round % 3].create_key(&format!("{what} {round}"), &["trips:read"]);
            revoking_takes(&mut owners[(round + 1) % 3], &key)
        })
        .collect();
    took.sort_unstable();
    println!("{what}: median {:?}, p99 {:?}, most {:?}", took[ROUNDS / 2], took[ROUNDS * 99 / 100], took[ROUNDS - 1]);
}
