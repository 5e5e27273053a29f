//! Conditional requests: `ETag` and `If-None-Match` of reads, `If-Match` of changes.

mod races;

use serde_json::{Value, json};
use testkit::{INVOICES, KEYS, TRIPS};

use crate::lists::SUBJECTS;
use crate::support::{Client, TestApp};

/// Reads whose response is about the request itself.
const UNVERSIONED: [&str; 1] = ["/api/v1/auth/whoami"];

/// Changes of what has no read of its own.
const UNCONDITIONAL: [&str; 2] = ["/api/v1/api-keys/{id}/revoke-at", "/api/v1/auth/passkeys/{id}"];

fn takes(operation: &Value, header: &str) -> bool {
    operation["parameters"].as_array().is_some_and(|all| all.iter().any(|parameter| parameter["name"] == header))
}

#[tokio::test]
async fn every_read_has_a_version_and_every_change_demands_one_if_asked() {
    let document = TestApp::new().await.anonymous().get("/openapi.json").await.is(200).json;
    let (mut reads, mut changes) = (0, 0);
    for (path, item) in document["paths"].as_object().expect("paths").iter().filter(|(path, _)| path.starts_with("/api/v1/")) {
        let get = &item["get"];
        if get["responses"]["200"]["content"]["application/json"].is_object() && !UNVERSIONED.contains(&path.as_str()) {
            assert!(takes(get, "If-None-Match") && get["responses"]["304"].is_object(), "{path}");
            assert!(get["responses"]["200"]["headers"]["ETag"].is_object(), "{path}");
            reads += 1;
        }
        let is_checked = !path.starts_with("/api/v1/auth/check") && !UNCONDITIONAL.contains(&path.as_str());
        for change in ["put", "patch"].into_iter().map(|method| &item[method]).filter(|change| change.is_object() && is_checked) {
            let failed = change["responses"]["412"]["description"].to_string();
            assert!(takes(change, "If-Match") && failed.contains("PRECONDITION_FAILED"), "{path}");
            changes += 1;
        }
    }
    assert!(reads > 25 && changes > 9, "{reads} reads and {changes} changes");
}

#[tokio::test]
async fn read_is_not_modified_until_something_changes() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for subject in &SUBJECTS {
        let path = format!("{}/{}", subject.list, subject.create(&owner, 1).await);
        let read = async |path: &str, tag: &str| owner.clone().header("if-none-match", tag).get(path).await;
        let (list, row) = (owner.get(subject.list).await.is(200), owner.get(&path).await.is(200));
        let (list, row) = (list.header("etag").to_owned(), row.header("etag").to_owned());
        for (path, tag) in [(subject.list, &list), (path.as_str(), &row)] {
            let same = read(path, tag).await.is(304);
            assert_eq!((same.text.as_str(), same.header("etag")), ("", tag.as_str()), "{path}");
        }
        owner.patch(&path, (subject.change)(7)).await.is(200);
        assert_ne!(read(subject.list, &list).await.is(200).header("etag"), list);
        assert_ne!(read(&path, &row).await.is(200).header("etag"), row);
    }
    let kept = owner.get(TRIPS).await.is(200);
    assert_eq!(kept.header("cache-control"), "private, no-cache");
    assert_eq!(owner.get(KEYS).await.is(200).header("cache-control"), "no-store");
}

#[tokio::test]
async fn long_read_is_sent_in_the_coding_that_is_accepted_with_a_version_of_its_own() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let trip = SUBJECTS.iter().find(|subject| subject.list == TRIPS).expect("trips");
    let mut path = String::new();
    for number in 0..5 {
        path = format!("{TRIPS}/{}", trip.create(&owner, number).await);
    }
    let plain = owner.get(TRIPS).await.is(200);
    assert!(plain.headers.get("content-encoding").is_none());
    for (accepted, coding) in
        [("gzip", "gzip"), ("br, gzip", "br"), ("gzip, deflate, br, zstd", "zstd"), ("zstd;q=0.1, gzip", "gzip")]
    {
        let coding_client = owner.clone().header("accept-encoding", accepted);
        let coded = coding_client.get(TRIPS).await.is(200);
        assert_eq!((coded.header("content-encoding"), coded.header("vary")), (coding, "accept-encoding"));
        assert_eq!((plain.header("vary"), &plain.text), ("accept-encoding", &coded.text));
        let tag = coded.header("etag").to_owned();
        assert_eq!(tag, format!("{}-{coding}\"", plain.header("etag").trim_end_matches('"')));
        // A cache updates the response that it has under this tag.
        let same = coding_client.clone().header("if-none-match", &tag).get(TRIPS).await.is(304);
        assert_eq!(same.header("etag"), tag);
    }
    // A short one is sent as it is, and the tag of either form allows a change.
    let short = owner.clone().header("accept-encoding", "zstd").get(&path).await.is(200);
    assert!(short.headers.get("content-encoding").is_none());
    let coded = format!("{}-zstd\"", short.header("etag").trim_end_matches('"'));
    owner.clone().header("if-match", &coded).patch(&path, (trip.change)(7)).await.is(200);
    owner.clone().header("if-match", &coded).patch(&path, (trip.change)(8)).await.is(412);
}

#[tokio::test]
async fn response_to_a_write_is_never_compressed() {
    let t = TestApp::new().await;
    let zipping = t.owner().await.header("accept-encoding", "gzip, br, zstd");
    let mut body = testkit::create_key_body("Long", &["trips:read"]);
    body["description"] = json!("A key with a long description. ".repeat(16));
    let made = zipping.post(KEYS, body).await.is(201);
    assert!(made.text.contains("pck_") && made.headers.get("content-encoding").is_none());
}

#[tokio::test]
async fn documents_and_files_are_sent_in_the_coding_that_is_accepted() {
    let t = TestApp::new().await;
    let plain = t.anonymous();
    for (accepted, coding) in [("gzip", "gzip"), ("zstd, gzip", "zstd"), ("gzip, deflate, br, zstd", "br")] {
        let client = plain.clone().header("accept-encoding", accepted);
        for path in ["/docs", "/docs.md", "/openapi.json", "/assets/page.css"] {
            let coded = client.get(path).await.is(200);
            assert_eq!(coded.header("content-encoding"), coding, "{path}");
            assert_eq!(coded.text, plain.get(path).await.is(200).text, "{path}");
        }
    }
}

#[tokio::test]
async fn change_of_a_version_that_is_gone_is_refused_and_changes_nothing() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    for subject in &SUBJECTS {
        let path = format!("{}/{}", subject.list, subject.create(&owner, 1).await);
        let change = async |tag: &str, number| owner.clone().header("if-match", tag).patch(&path, (subject.change)(number)).await;
        let first = owner.get(&path).await.is(200).header("etag").to_owned();
        let second = change(&first, 8).await.is(200).header("etag").to_owned();
        assert_eq!(owner.get(&path).await.is(200).header("etag"), second, "{path}: a change has the tag of the next read");
        for old in [first.clone(), format!("W/{second}"), format!("\"x\", {first}")] {
            change(&old, 9).await.is(412).code("PRECONDITION_FAILED");
        }
        for malformed in ["", "x", second.trim_matches('"'), "*, \"x\""] {
            change(malformed, 9).await.is(400).code("INVALID_REQUEST").names_field("If-Match");
        }
        assert_eq!(owner.get(&path).await.is(200).header("etag"), second, "{path}");
        change(&format!("{first}, {second}"), 9).await.is(200);
        change("*", 8).await.is(200);
        let missing = owner.clone().header("if-match", &second);
        missing.patch(&format!("{}/none", subject.list), (subject.change)(9)).await.is(404);
    }
}

/// The credential comes first: a version says nothing to those who may not make the change.
#[tokio::test]
async fn condition_does_not_open_a_change_to_others() {
    let t = TestApp::new().await;
    let (owner, (_, outsider)) = (t.owner().await, t.other_workspace().await);
    let path = format!("{TRIPS}/{}", SUBJECTS[3].create(&owner, 1).await);
    let tag = owner.get(&path).await.is(200).header("etag").to_owned();
    for tag in [tag.as_str(), "*", "\"x\""] {
        outsider.clone().header("if-match", tag).patch(&path, json!({ "notes": "Theirs" })).await.is(404);
        let reader = t.with(&t.key(&["trips:read"]).await).header("if-match", tag);
        reader.patch(&path, json!({ "notes": "Theirs" })).await.is(403).code("SCOPE_REQUIRED");
    }
    assert_eq!(owner.get(&path).await.is(200).header("etag"), tag);
}

/// Each adds 1 to what it has read, and reads again if another was faster: none is lost.
#[tokio::test]
async fn racing_clients_overwrite_nothing() {
    const EACH: u64 = 100;
    let t = TestApp::new().await;
    let key =
        json!({ "name": "Counter", "permissions": "custom", "scopes": ["trips:write"], "expiresAt": null, "rateLimit": null });
    let client = t.with(&t.key_with(key).await);
    let path = format!("{TRIPS}/{}", SUBJECTS[3].create(&client, 1).await);
    let add = async || {
        let (mut added, mut refused) = (0, 0);
        while added < EACH {
            let read = client.get(&path).await.is(200);
            let passengers = read.at("/data/passengerCount").as_u64().expect("a number");
            let known: Client = client.clone().header("if-match", read.header("etag"));
            let answer = known.patch(&path, json!({ "passengerCount": passengers + 1 })).await;
            if answer.status == 200 {
                added += 1;
            } else {
                answer.is(412).code("PRECONDITION_FAILED");
                refused += 1;
            }
        }
        refused
    };
    let refused = tokio::join!(add(), add());
    assert_eq!(*client.get(&path).await.is(200).at("/data/passengerCount"), 2 * EACH);
    assert!(refused.0 + refused.1 > 0, "they never met");
}

#[tokio::test]
async fn use_of_a_key_is_a_new_version_to_readers_and_not_to_writers() {
    let t = TestApp::new().await;
    let (owner, key) = (t.owner().await, t.key(&["trips:read"]).await);
    let path = format!("{KEYS}/{}", key.id);
    let before = owner.get(&path).await.is(200).header("etag").to_owned();
    t.with(&key).get(TRIPS).await.is(200);
    t.flush().await;
    let used = owner.clone().header("if-none-match", &before).get(&path).await.is(200);
    assert!(used.at("/data/lastUsedAt").is_string());
    owner.clone().header("if-match", &before).patch(&path, json!({ "description": "Screens" })).await.is(200);
    owner.clone().header("if-match", used.header("etag")).patch(&path, json!({ "description": "Late" })).await.is(412);
}

#[tokio::test]
async fn put_replaces_one_version_or_creates_only() {
    let t = TestApp::new().await;
    let client = t.with(&t.key(&["trips:write"]).await);
    let path = format!("{TRIPS}/by-external-id/FOS-1");
    let put = async |condition: (&'static str, &str), passengers| {
        let trip = json!({ "tripType": "charter", "origin": "KTEB", "destination": "KBOS",
            "departureDate": "2026-12-01T14:00:00Z", "passengerCount": passengers });
        client.clone().header(condition.0, condition.1).put(&path, trip).await
    };
    for missing in ["*", "\"x\""] {
        put(("if-match", missing), 1).await.is(412).code("PRECONDITION_FAILED");
    }
    put(("if-none-match", "*"), 1).await.is(201);
    put(("if-none-match", "*"), 2).await.is(412).code("PRECONDITION_FAILED");
    put(("if-none-match", "\"x\""), 2).await.is(400).names_field("If-None-Match");
    let tag = client.get(&path).await.is(200).header("etag").to_owned();
    put(("if-match", tag.as_str()), 3).await.is(200);
    put(("if-match", tag.as_str()), 4).await.is(412).code("PRECONDITION_FAILED");
    assert_eq!(*client.get(&path).await.is(200).at("/data/passengerCount"), 3);
    let both = client.clone().header("if-match", "*").header("if-none-match", "*");
    both.put(&path, json!({})).await.is(400).names_field("If-None-Match");
}

#[tokio::test]
async fn settings_are_replaced_only_in_the_version_that_was_read() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let settings = "/api/v1/settings";
    for (path, change) in [
        (format!("{settings}/api-keys"), ("enabled", json!(false))),
        (format!("{settings}/api-keys/policy"), ("onLeak", json!("pause"))),
        (format!("{settings}/security"), ("minimumPasswordLength", json!(20))),
    ] {
        let read = owner.get(&path).await.is(200);
        let mut changed = read.at("/data").clone();
        assert!(changed[change.0] != change.1, "{path}: {changed}");
        changed[change.0] = change.1;
        let put = async |tag: &str, body: &Value| owner.clone().header("if-match", tag).put(&path, body.clone()).await;
        put("\"x\"", &changed).await.is(412).code("PRECONDITION_FAILED");
        put(read.header("etag"), &changed).await.is(200);
        put(read.header("etag"), read.at("/data")).await.is(412).code("PRECONDITION_FAILED");
        assert_eq!(*owner.get(&path).await.is(200).at("/data"), changed, "{path}");
    }
}

#[tokio::test]
async fn condition_that_a_call_does_not_check_is_refused_and_not_ignored() {
    let t = TestApp::new().await;
    let owner = t.owner().await;
    let invoice = format!("{INVOICES}/{}", SUBJECTS[5].create(&owner, 1).await);
    let webhook = format!("{}/{}", SUBJECTS[6].list, SUBJECTS[6].create(&owner, 1).await);
    for condition in ["if-match", "if-none-match", "if-unmodified-since"] {
        let client = owner.clone().header(condition, "*");
        let refused = client.post(&format!("{invoice}/send"), json!({})).await.is(400).code("INVALID_REQUEST");
        assert!(refused.text_at("/error/message").contains(condition), "{}", refused.text);
        client.delete(&webhook).await.is(400).code("INVALID_REQUEST");
        assert!(matches!(client.get(TRIPS).await.status, 200 | 304));
        // The headers are those of a request to the service behind the proxy.
        client.post("/api/v1/auth/check/trips:read", json!({})).await.is(200);
    }
    owner.clone().header("if-unmodified-since", "Mon, 23 Nov 2026 09:30:00 GMT").patch(&invoice, json!({})).await.is(400);
    assert_eq!(owner.get(&invoice).await.is(200).text_at("/data/status"), "draft");
    owner.get(&webhook).await.is(200);
}
