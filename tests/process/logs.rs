//! The log: one JSON object a line, and never a secret in it.

use serde_json::{Value, json};
use testkit::{PASSWORD, Site};

use crate::BINARY;

#[test]
fn log_is_json_without_secrets() {
    let site = Site::new(BINARY);
    for filter in ["info", "trace"] {
        let node = site.node_with(&["--log-format", "json", "--log", filter]);
        let token = node.sign_in();
        let mut owner = node.owner_with(&token);
        let key = owner.create_key(&format!("Key {filter}"), &["trips:read"]);
        let (secret, wrong) = (&key.secret, "a wrong password, typed by mistake");
        let cookie = "pcs_cookiecookiecookiecookiecookiecookiecookie1";
        let anyone = || node.anonymous();
        let escaped: String = secret.bytes().fold(String::new(), |text, byte| text + &format!("%{byte:02x}"));

        anyone().header("x-api-key", secret).get("/api/v1/auth/whoami").is(200);
        anyone().header("authorization", &format!("Bearer {secret}")).get("/api/v1/api-keys").is(403);
        anyone().header("x-api-key", &format!("{secret}x")).get("/api/v1/auth/whoami").is(401);
        anyone().get(&format!("/api/v1/auth/whoami?api_key={secret}")).is(400).code("CREDENTIAL_IN_URL");
        anyone().get(&format!("/?x={escaped}")).is(400);
        for path in
            [format!("/{secret}"), format!("/api/v1/{secret}/x"), format!("/{escaped}"), format!("/api/v1/api-keys/{secret}")]
        {
            let mut client = anyone();
            client.try_send("GET", &path, None).expect("an answer");
        }
        anyone().get(&format!("/{token}/x?token={token}"));
        anyone().header("user-agent", &format!("curl {secret} {token}")).header("x-api-key", secret).get("/api/v1/auth/whoami");
        for id in [secret, &token] {
            let answer = anyone().header("x-request-id", id).get("/api/v1/auth/whoami");
            assert!(!format!("{answer:?}").contains(id.as_str()), "{answer:?}");
        }
        anyone().header("cookie", &format!("session={cookie}; planeconnection={token}")).get("/sign-in");
        anyone().header("referer", &format!("https://x/?key={secret}")).header("origin", secret).get("/health");
        let body = json!({ "email": testkit::OWNER, "password": wrong });
        anyone().post("/api/v1/auth/sign-in", &body).is(401);
        anyone().post("/api/v1/auth/sign-in", &json!({ "email": wrong, "password": [wrong, secret] })).is(400);
        owner.post("/api/v1/api-keys", &json!({ "name": secret, "secret": secret, "expiresAt": token }));
        owner.get(&format!("/api/v1/api-keys?search={secret}"));
        owner.revoke(&key);
        anyone().header("x-api-key", secret).get("/api/v1/auth/whoami").is(401);

        let (status, stdout, stderr) = node.stop();
        assert!(status.success());
        for line in stderr.lines() {
            let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            assert!(line["timestamp"].is_string() && line["level"].is_string(), "{line}");
        }
        let requests = stderr.lines().filter(|line| line.contains("\"target\":\"access_log\"")).count();
        assert!(requests >= 20, "{requests} requests");
        let log = site.run(&["audit", "export", "--format", "ndjson"]).is(0).stdout;
        for forbidden in [secret.as_str(), &secret[4..], &escaped, &token, &token[4..], PASSWORD, wrong, cookie] {
            for (place, text) in [("stdout", &stdout), ("stderr", &stderr), ("the audit log", &log)] {
                let line = text.lines().find(|line| line.contains(forbidden));
                assert_eq!(line, None, "{forbidden} is in {place}");
            }
        }
    }
}
