//! Texts as people see them: names that look alike, and search in every script, on both engines.

use planeconnection::keys::{self, Named};
use planeconnection::{fleet, invoices};
use serde_json::{Value, json};
use testkit::{AIRCRAFT, INVOICES, KEYS, OWNER, PASSWORD};

use crate::support::{Client, TestApp, read_only_key};

fn query(name: &str, text: &str) -> String {
    serde_urlencoded::to_string([(name, text)]).expect("a query")
}

async fn search(client: &Client, path: &str, parameter: &str, text: &str, field: &str) -> Vec<String> {
    client.get(&format!("{path}?{}", query(parameter, text))).await.is(200).items(field)
}

fn bill(client: &str) -> Value {
    let line = json!({ "description": "Flight", "quantity": "1", "unitPrice": 100 });
    json!({ "client": { "name": client }, "currency": "EUR", "lineItems": [line], "dueDate": "2099-01-01" })
}

fn aircraft(tail_number: &str, model: &str) -> Value {
    json!({ "tailNumber": tail_number, "typeDesignator": "C25B", "model": model })
}

/// Makes every row look as a node of the version before has written it: without the derived columns, or with outdated ones.
async fn written_by_an_earlier_version(t: &TestApp) {
    t.tamper("UPDATE api_keys SET name_folded = NULL, name_skeleton = NULL, name_forms_of = NULL").await;
    for table in ["invoices", "aircraft"] {
        t.tamper(&format!("UPDATE {table} SET search_text = 'another', search_text_of = '2020-01-01 00:00:00+00:00'")).await;
    }
}

async fn refresh(t: &TestApp) {
    while keys::refresh_name_forms(&t.app.db).await.expect("a batch")
        || invoices::refresh_search_texts(&t.app.db).await.expect("a batch")
        || fleet::refresh_search_texts(&t.app.db).await.expect("a batch")
    {}
}

#[tokio::test]
async fn name_that_cannot_be_seen_is_refused() {
    let t = TestApp::new().await;
    let (admin, key) = (t.admin().await, t.with(&t.key(&["trips:write", "fleet:write", "invoices:write"]).await));
    for hidden in [
        "\u{200b}",
        "\u{3164}",
        "\u{2800}",
        "\u{ad}",
        "\u{301}",
        "\u{e000}",
        "\u{378}",
        "\u{e0041}",
        "\u{fe0f}",
        "\u{a0}\u{2060}",
        " \u{20dd} ",
    ] {
        admin.post(KEYS, read_only_key(hidden)).await.is(400).names_field("name");
        let invited = json!({ "name": hidden, "email": "dee@skyline.example", "role": "pilot" });
        admin.post("/api/v1/members", invited).await.is(400).names_field("name");
        key.post(INVOICES, bill(hidden)).await.is(400).names_field("client.name");
        key.post(AIRCRAFT, aircraft("N1", hidden)).await.is(400).names_field("model");
        let trip = json!({ "externalId": hidden, "tripType": "owner", "origin": "KTEB", "destination": "KPBI",
                           "departureDate": "2027-01-01T10:00:00Z" });
        key.post("/api/v1/ops/trips", trip).await.is(400).names_field("externalId");
    }
}

#[tokio::test]
async fn name_like_that_of_an_active_key_is_refused_by_the_name_of_that_key() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    for name in ["Fleet sync", "Zürich", "Straße 1", "INVOICES", "modern", "会社", "Рейс"] {
        admin.post(KEYS, read_only_key(name)).await.is(201);
    }
    for (alike, name) in [
        ("fleet sync", "Fleet sync"),
        ("FLEET SYNC", "Fleet sync"),
        ("Fleet\u{a0}sync", "Fleet sync"),
        ("Fleet  sync", "Fleet sync"),
        ("Fl\u{435}et sync", "Fleet sync"),
        ("FLEET \u{405}YNC", "Fleet sync"),
        ("F\u{49}eet sync", "Fleet sync"),
        ("Ｆｌｅｅｔ sync", "Fleet sync"),
        ("fleet ｓｙｎｃ", "Fleet sync"),
        ("ZÜRICH", "Zürich"),
        ("zu\u{308}rich", "Zürich"),
        ("STRASSE 1", "Straße 1"),
        ("Straße l", "Straße 1"),
        ("invoices", "INVOICES"),
        ("\u{406}NVOICES", "INVOICES"),
        ("\u{406}nv\u{43e}\u{456}ces", "INVOICES"),
        ("modem", "modern"),
        ("РЕЙС", "Рейс"),
    ] {
        let refused = admin.post(KEYS, read_only_key(alike)).await.is(409).code("CONFLICT");
        assert!(refused.text_at("/error/message").contains(&format!("“{name}”")), "{alike}: {}", refused.text);
    }
    for same in ["Fleet\u{200b} sync", "\u{feff}Fleet sync", "Fleet sy\u{200d}nc", "Zu\u{308}rich", " 会社 "] {
        let refused = admin.post(KEYS, read_only_key(same)).await.is(409);
        assert!(refused.text_at("/error/message").contains("already called"), "{same}: {}", refused.text);
    }
    for other in ["Fleet sync 2", "Fleet-sync", "Zurich", "会计", "Рейд", "INVOICE5 2", "mode", "Fleet ＆ sync"] {
        admin.post(KEYS, read_only_key(other)).await.is(201);
    }
}

#[tokio::test]
async fn rename_is_compared_with_other_keys_only() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    let (sync, other) = (t.named_key("Fleet sync").await, t.named_key("Other").await);
    let rename = async |id: &str, name: &str| admin.patch(&format!("{KEYS}/{id}"), json!({ "name": name })).await;
    rename(&sync.id, "FLEET Sync").await.is(200);
    rename(&other.id, "fleet sync").await.is(409);
    let rotated = admin.post(&format!("{KEYS}/{}/rotate", other.id), json!({ "name": "fleet  sync" })).await;
    rotated.is(409);
    admin.post(&format!("{KEYS}/{}/revoke", sync.id), json!({})).await.is(200);
    rename(&other.id, "fleet sync").await.is(200);
}

#[tokio::test]
async fn names_that_an_earlier_version_accepted_are_compared_and_kept() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    let (first, second) = (t.named_key("Fleet sync").await, t.named_key("Second").await);
    // A node of that version renames a key, and leaves the forms of the old name.
    t.tamper("UPDATE api_keys SET name = 'fleet sync', name_forms_of = 0 WHERE name = 'Second'").await;
    for name in ["Second", "SECOND"] {
        let made = admin.post(KEYS, read_only_key(name)).await.is(201).text_at("/data/apiKey/id");
        admin.post(&format!("{KEYS}/{made}/revoke"), json!({})).await.is(200);
    }
    let described = json!({ "name": "fleet sync", "description": "It stays." });
    admin.patch(&format!("{KEYS}/{}", second.id), described).await.is(200);
    admin.post(&format!("{KEYS}/{}/rotate", first.id), json!({})).await.is(201);
    written_by_an_earlier_version(&t).await;
    admin.post(KEYS, read_only_key("FLEET SYNC")).await.is(409);
    refresh(&t).await;
    admin.post(KEYS, read_only_key("FLEET SYNC")).await.is(409);
}

#[tokio::test]
async fn key_is_found_by_exactly_its_name_before_names_alike() {
    let t = TestApp::new().await;
    for name in ["First", "Second", "Third"] {
        t.named_key(name).await;
    }
    for (name, stored) in [("First", "fleet sync"), ("Second", "fleet  sync"), ("Third", "\u{200b}")] {
        t.tamper(&format!("UPDATE api_keys SET name = '{stored}', name_forms_of = 0 WHERE name = '{name}'")).await;
    }
    let found = async |text: &str| match keys::find_by_id_or_name(t.app.db.read(), t.workspace.id, text, t.app.clock.now())
        .await
        .expect("an answer")
    {
        Named::Nothing => "nothing".to_owned(),
        Named::One(key) => key.name,
        Named::Several(keys) => format!("{} keys", keys.len()),
    };
    for (text, expected) in [
        ("fleet sync", "fleet sync"),
        ("fleet  sync", "fleet  sync"),
        (" fleet  sync ", "fleet  sync"),
        ("FLEET sync", "2 keys"),
        ("\u{200b}", "\u{200b}"),
        ("fleet", "nothing"),
    ] {
        assert_eq!(found(text).await, expected, "{text:?}");
    }
}

#[tokio::test]
async fn name_of_the_form_of_an_id_is_refused() {
    let t = TestApp::new().await;
    let (admin, key) = (t.admin().await, t.named_key("Website").await);
    for name in [key.id.clone(), key.id.to_uppercase(), format!(" {} ", key.id), "key_01h455vb4pex5vsknk084sn02q".to_owned()] {
        admin.post(KEYS, read_only_key(&name)).await.is(400).names_field("name");
        admin.patch(&format!("{KEYS}/{}", key.id), json!({ "name": name })).await.is(400).names_field("name");
        admin.post(&format!("{KEYS}/{}/rotate", key.id), json!({ "name": name })).await.is(400).names_field("name");
    }
    admin.post(KEYS, read_only_key("key_short")).await.is(201);
}

#[tokio::test]
async fn search_ignores_case_in_every_script() {
    let t = TestApp::new().await;
    let (admin, writer) = (t.admin().await, t.with(&t.key(&["fleet:write", "invoices:write"]).await));
    let names =
        ["ÜBERFLUG Zürich", "Рейс Москва", "Große Straße", "ΟΔΟΣ ΑΘΗΝΩΝ", "İstanbul desk", "Fl\u{435}\u{435}t", "100% ﬁne"];
    for (number, name) in names.into_iter().enumerate() {
        admin.post(KEYS, read_only_key(name)).await.is(201);
        writer.post(INVOICES, bill(name)).await.is(201);
        writer.post(AIRCRAFT, aircraft(&format!("N{number}0"), name)).await.is(201);
    }
    for is_refreshed in [true, false, true] {
        if !is_refreshed {
            written_by_an_earlier_version(&t).await;
            refresh(&t).await;
        }
        for (text, name) in [
            ("überflug", 0),
            ("ZÜRICH", 0),
            ("Zu\u{308}rich", 0),
            ("ﾌüberflug", usize::MAX),
            ("рейс", 1),
            ("МОСКВА", 1),
            ("strasse", 2),
            ("GROSSE STRASSE", 2),
            ("große\u{a0}straße", 2),
            ("οδος αθηνων", 3),
            ("οδοσ", 3),
            ("istanbul", 4),
            ("ISTANBUL", 4),
            ("fleet", 5),
            ("ＦＬＥＥＴ", 5),
            ("100%", 6),
            ("% FINE", 6),
            ("_", usize::MAX),
            ("\\", usize::MAX),
            ("zurich", usize::MAX),
        ] {
            let (found, billed, flown) = (
                search(&admin, KEYS, "search", text, "name").await,
                writer.get(&format!("{INVOICES}?{}", query("client", text))).await.is(200).at("/data/total").clone(),
                search(&writer, AIRCRAFT, "search", text, "model").await,
            );
            let expected: Vec<&str> = names.get(name).copied().into_iter().collect();
            assert_eq!(found, expected, "{text}");
            assert_eq!(flown, expected, "{text}");
            assert_eq!(billed, json!(expected.len()), "{text}");
        }
    }
}

#[tokio::test]
async fn row_of_an_earlier_version_is_found_before_it_is_refreshed() {
    let t = TestApp::new().await;
    let (admin, writer) = (t.admin().await, t.with(&t.key(&["fleet:write", "invoices:write"]).await));
    admin.post(KEYS, read_only_key("Fleet Dashboard")).await.is(201);
    writer.post(INVOICES, bill("Alpine Über AG")).await.is(201);
    writer.post(AIRCRAFT, aircraft("N1", "Citation")).await.is(201);
    written_by_an_earlier_version(&t).await;
    assert_eq!(search(&admin, KEYS, "search", "DASH", "name").await, ["Fleet Dashboard"]);
    assert_eq!(search(&writer, INVOICES, "client", "Über", "number").await.len(), 1);
    assert_eq!(search(&writer, INVOICES, "client", "another", "number").await, [""; 0]);
    assert_eq!(search(&writer, AIRCRAFT, "search", "CITA", "model").await, ["Citation"]);
}

#[tokio::test]
async fn hint_is_searched_only_for_a_part_that_can_be_one() {
    let t = TestApp::new().await;
    let (admin, key) = (t.admin().await, t.named_key("Website").await);
    for text in ["_", "pc", "ck", "k_", "…", "pck", "pck_", "PCK_"] {
        assert_eq!(search(&admin, KEYS, "search", text, "name").await, [""; 0], "{text}");
    }
    let (start, end) = (&key.secret[..8], &key.secret[38..]);
    for text in [start.to_owned(), start[..5].to_owned(), start[4..].to_owned(), end.to_owned(), format!("{start}…{end}")] {
        assert_eq!(search(&admin, KEYS, "search", &text, "name").await, ["Website"], "{text}");
    }
}

#[tokio::test]
async fn two_administrators_cannot_create_names_that_look_alike_at_once() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    let names = ["Fleet sync", "fleet sync", "FLEET SYNC", "Fl\u{435}et sync", "Fleet  sync", "F\u{49}eet sync"];
    let calls = names.map(|name| admin.post(KEYS, read_only_key(name)));
    let mut statuses: Vec<u16> = futures_util::future::join_all(calls).await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409]);
}

#[tokio::test]
async fn notes_of_right_to_left_text_keep_their_isolates() {
    let t = TestApp::new().await;
    let client = t.with(&t.key(&["trips:write"]).await);
    let trip = |notes: &str| {
        json!({ "tripType": "owner", "origin": "KTEB", "destination": "KPBI", "departureDate": "2027-01-01T10:00:00Z",
                "notes": notes })
    };
    let kept = "Client: \u{2067}שלום בע\"מ\u{2069} (3)";
    assert_eq!(client.post("/api/v1/ops/trips", trip(kept)).await.is(201).at("/data/notes"), kept);
    for refused in ["\u{2067}שלום", "שלום\u{2069}", "a\u{202e}b", "\u{202b}שלום\u{202c}"] {
        client.post("/api/v1/ops/trips", trip(refused)).await.is(400).names_field("notes");
    }
    assert_eq!(client.post("/api/v1/ops/trips", trip("\u{200b}")).await.is(201).at("/data/notes"), &Value::Null);
}

#[tokio::test]
async fn email_has_one_spelling_whatever_was_typed() {
    let t = TestApp::new().await;
    let admin = t.admin().await;
    let invite =
        async |email: &str| admin.post("/api/v1/members", json!({ "name": "Dee", "email": email, "role": "pilot" })).await;
    assert_eq!(invite("J\u{f6}rg@Skyline.Example").await.is(201).at("/data/member/email"), "j\u{f6}rg@skyline.example");
    for same in ["jo\u{308}rg@skyline.example", "J\u{d6}RG@SKYLINE.EXAMPLE"] {
        invite(same).await.is(409);
    }
    // Written by an earlier version, as it was typed.
    t.tamper("UPDATE members SET email = 'jo\u{308}rg@skyline.example' WHERE name = 'Dee'").await;
    invite("j\u{f6}rg@skyline.example").await.is(409);
    for malformed in
        ["ana..b@skyline.example", "ana@-skyline.example", "ana@[127.0.0.1]", "\"a\"@skyline.example", "Ana <a@b.example>"]
    {
        invite(malformed).await.is(400).names_field("email");
    }
}

#[tokio::test]
async fn member_with_an_email_of_an_earlier_version_signs_in() {
    let t = TestApp::new().await;
    t.owner().await;
    t.tamper(&format!("UPDATE members SET email = 'ana..keller@skyline.example' WHERE email = '{OWNER}'")).await;
    let sign_in = |email: &str| json!({ "email": email, "password": PASSWORD });
    for (email, status) in [("Ana..Keller@Skyline.Example", 200), ("ana..k@skyline.example", 401), ("ana@skyline", 400)] {
        t.anonymous().post("/api/v1/auth/sign-in", sign_in(email)).await.is(status);
    }
}
