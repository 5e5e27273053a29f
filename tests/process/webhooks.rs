//! Webhooks on the command line, against a receiver.

use serde_json::{Value, json};
use testkit::{Receiver, Reply, Site};

use crate::BINARY;

const ALLOWED: [&str; 3] = ["--webhook-allow", "127.0.0.0/8", "--webhook-allow-http"];

#[test]
fn webhook_is_created_tested_switched_and_its_deliveries_are_listed() {
    let (site, receiver) = (Site::in_file(BINARY), Receiver::start());
    let url = receiver.url();
    let create = ["webhooks", "create", "--url", &url, "--event", "trip.*", "--event", "invoice.paid", "--json"];
    site.run(&create).fails(1, "expected https://");
    let made = site.run(&[&create[..], &ALLOWED].concat()).is(0).json();
    let secret = made["secret"].as_str().expect("a secret");
    assert!(secret.starts_with("whsec_"), "{secret}");
    assert_eq!(made["webhook"]["events"], json!(["trip.*", "invoice.paid"]));
    assert_eq!(made["webhook"]["createdBy"]["id"], "operator");
    let id = made["webhook"]["id"].as_str().expect("an id");

    let listed = site.run(&["webhooks", "list"]).is(0).stdout;
    assert!(listed.contains(id) && listed.contains("trip.*, invoice.paid") && !listed.contains(&secret[10..]), "{listed}");
    assert_eq!(site.run(&["webhooks", "list", "--json"]).is(0).json()[0]["status"], "active");

    let test = [&["webhooks", "test", id][..], &ALLOWED].concat();
    let answered = site.run(&test).is(0).stdout;
    assert!(answered.starts_with("The receiver answered 200 after "), "{answered}");
    assert_eq!(receiver.requests()[0].json()["test"], true);
    receiver.answer(Reply::Status(500));
    site.run(&test).fails(1, "500");
    let sent = site.run(&[&test[..], &["--type", "trip.created", "--json"]].concat()).is(1).json();
    assert_eq!(sent["statusCode"], 500);

    let deliveries = site.run(&["webhooks", "deliveries", id, "--json"]).is(0).json();
    let statuses: Vec<&Value> = deliveries.as_array().expect("a list").iter().map(|delivery| &delivery["status"]).collect();
    assert_eq!(statuses, ["failed", "failed", "delivered"]);
    let table = site.run(&["webhooks", "deliveries", id, "--status", "failed", "--limit", "1"]).is(0).stdout;
    assert!(table.lines().count() == 2 && table.contains("trip.created") && table.contains("500"), "{table}");

    let delivery = deliveries[0]["id"].as_str().expect("an id");
    site.run(&["webhooks", "disable", id]).is(0);
    site.run(&["webhooks", "resend", id, delivery]).fails(1, "switch it on first");
    assert_eq!(site.run(&["webhooks", "enable", id, "--backlog", "skip", "--json"]).is(0).json()["status"], "active");
    assert_eq!(site.run(&["webhooks", "resend", id, delivery, "--json"]).is(0).json()["resendOf"], delivery);
    site.run(&["webhooks", "deliveries", "wh_01h455vb4pex5vsknk084sn02q"]).fails(1, "no such webhook");
    site.run(&["webhooks", "disable", "first"]).is(2);
    site.run(&["webhooks", "create", "--url", "https://8.8.8.8/", "--event", "trip.exploded"]).fails(2, "trip.created");
    site.verify_audit_log();
}

#[test]
fn running_node_sends_what_the_command_line_resends() {
    let (site, receiver) = (Site::in_file(BINARY), Receiver::start());
    let url = receiver.url();
    let create = [&["webhooks", "create", "--url", &url, "--event", "*", "--json"][..], &ALLOWED].concat();
    let id = site.run(&create).is(0).json()["webhook"]["id"].as_str().expect("an id").to_owned();
    site.run(&[&["webhooks", "test", &id][..], &ALLOWED].concat()).is(0);
    let _node = site.node_with(&ALLOWED);
    let deliveries = site.run(&["webhooks", "deliveries", &id, "--status", "delivered", "--json"]).is(0).json();
    let of_test = deliveries.as_array().expect("a list").iter().find(|delivery| delivery["type"] == "webhook.test");
    let delivery = of_test.expect("a delivery")["id"].as_str().expect("an id");
    let before = receiver.count();
    site.run(&["webhooks", "resend", &id, delivery]).is(0);
    let requests = receiver.wait_for(before + 1);
    let tests = requests.iter().filter(|request| request.header("x-planeconnection-event") == "webhook.test");
    assert_eq!(tests.map(|request| request.header("webhook-id")).collect::<std::collections::HashSet<_>>().len(), 1);
}
