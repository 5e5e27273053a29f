//! Collections of all calls, as the command writes them and a node serves them.

use serde_json::Value;
use testkit::Site;

use crate::BINARY;

#[test]
fn postman_collection_is_printed_and_served() {
    let site = Site::new(BINARY);
    let node = site.node();
    let url = format!("http://{}", node.address);
    let printed = site.run(&["openapi", "--format", "postman", "--public-url", &url]).is(0).json();
    let served = node.anonymous().get("/docs/planeconnection.postman.json").is(200);
    assert_eq!(served.json, printed);
    assert!(served.headers.contains(&("content-type".to_owned(), "application/json".to_owned())), "{:?}", served.headers);
    assert_eq!(printed.pointer("/variable/0/value"), Some(&Value::from(url)));
    let unchanged = site.run(&["openapi", "--public-url", "https://planes.example.com/"]).is(0).json();
    assert_eq!(unchanged["servers"][0]["url"], "https://planes.example.com");
}

#[test]
fn bruno_collection_is_written_into_a_new_folder() {
    let site = Site::empty(BINARY);
    let write = ["openapi", "--format", "bruno", "--to", "planes/bruno"];
    let said = site.run(&write).is(0).stdout;
    assert!(said.starts_with("Wrote ") && said.ends_with(" files to planes/bruno.\n"), "{said}");
    let folder = site.folder().join("planes/bruno");
    let call = std::fs::read_to_string(folder.join("Trips/List trips.bru")).expect("a call");
    assert!(call.contains("url: {{baseUrl}}/api/v1/ops/trips\n"), "{call}");
    let about: Value = serde_json::from_slice(&std::fs::read(folder.join("bruno.json")).expect("a file")).expect("JSON");
    assert_eq!(about["type"], "collection");
    site.run(&write).fails(1, "planes/bruno is not empty");
    site.run(&write[..3]).fails(2, "--to");
    site.run(&["openapi", "--to", "other"]).fails(2, "--format bruno");
    site.run(&["openapi", "--format", "swagger"]).is(2);
}
