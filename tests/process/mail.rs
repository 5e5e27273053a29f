//! Emails of a node as a process: its flags, and a node that is killed while it sends.

use serde_json::json;
use testkit::{Node, SMTP_PASSWORD, Site, SmtpConduct, SmtpEncryption, SmtpServer, until};

use crate::BINARY;

/// The flags of a node that sends emails by this server.
fn flags(site: &Site, server: &SmtpServer) -> Vec<String> {
    let [ca, key] = ["ca.pem", "secret-key"].map(|name| site.folder().join(name).display().to_string());
    std::fs::write(&ca, server.certificate()).expect("a file");
    site.run(&["secret-key", "new", "--output", &key]).is(0);
    let from = "Skyline Keys <keys@skyline.example>";
    ["--smtp-url", &server.url(), "--smtp-from", from, "--smtp-ca", &ca, "--secret-key-file", &key].map(str::to_owned).to_vec()
}

fn start(site: &Site, flags: &[String]) -> Node {
    site.node_with(&flags.iter().map(String::as_str).collect::<Vec<_>>())
}

fn invite(node: &Node, email: &str) -> String {
    let invited = json!({ "name": "A pilot", "email": email, "role": "pilot" });
    node.owner().post("/api/v1/members", &invited).is(201).json["data"]["inviteUrl"].as_str().expect("a link").to_owned()
}

#[test]
fn email_of_a_killed_node_is_not_sent_twice() {
    let (site, server) = (Site::new(BINARY), SmtpServer::start(SmtpEncryption::StartTls));
    let flags = flags(&site, &server);
    server.conduct(SmtpConduct::MuteAfterData);
    let node = start(&site, &flags);
    invite(&node, "first@skyline.example");
    until("the server has the email", || server.received().len() == 1);
    node.kill();
    server.conduct(SmtpConduct::Proper);
    let node = start(&site, &flags);
    let link = invite(&node, "second@skyline.example");
    until("the next email is sent", || server.received().len() > 1);
    let to: Vec<String> = server.received().into_iter().flat_map(|mail| mail.to).collect();
    assert_eq!(to, ["first@skyline.example", "second@skyline.example"]);
    let (status, _, log) = node.stop();
    assert_eq!(status.code(), Some(0));
    let token = link.split_once('#').expect("a link").1;
    assert!(!log.contains(SMTP_PASSWORD) && !log.contains("p%2Fw") && !log.contains(token), "{log}");
}

#[test]
fn unusable_settings_of_email_are_explained() {
    let site = Site::new(BINARY);
    let serve = |arguments: &[&str]| site.run(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat());
    serve(&["--smtp-url", "smtp://localhost:1"]).fails(2, "--smtp-url needs --smtp-from");
    serve(&["--smtp-from", "keys@skyline.example"]).fails(2, "--smtp-from needs --smtp-url");
    serve(&["--smtp-url", "smtp://localhost:1", "--smtp-from", "nobody"]).is(2);
    let secret = "smtp://ops:swordfish@localhost?tls=none";
    let refused = serve(&["--smtp-url", secret, "--smtp-from", "keys@skyline.example"]);
    assert!(!refused.stderr.contains("swordfish"), "{refused:?}");
    refused.fails(2, "a password is not sent without encryption");
    let help = {
        let mut serve = site.command(&["serve", "--help"]);
        serve.env("PLANECONNECTION_SMTP_URL", "smtps://ops:swordfish@localhost");
        testkit::run(serve, "").is(0)
    };
    assert!(help.stdout.contains("--smtp-url") && !help.stdout.contains("swordfish"), "{help:?}");
    let missing = site.folder().join("none.pem").display().to_string();
    let key = site.folder().join("key").display().to_string();
    site.run(&["secret-key", "new", "--output", &key]).is(0);
    let with_ca = ["--smtp-url", "smtp://localhost:1", "--smtp-from", "keys@skyline.example", "--smtp-ca", &missing];
    serve(&[&with_ca[..], &["--secret-key-file", &key]].concat()).fails(1, "cannot read --smtp-ca");
}
