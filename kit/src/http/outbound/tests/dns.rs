//! Names: their addresses by a DNS server of the test.

use std::io::ErrorKind;
use std::net::TcpListener;

use testkit::{DnsReply, DnsServer};

use super::*;

/// Settings that ask this server.
fn asking(dns: &DnsServer) -> OutboundSettings {
    OutboundSettings { dns_server: Some(dns.address()), ..settings() }
}

/// Settings that admit the internet only.
fn strict(dns: &DnsServer) -> OutboundSettings {
    OutboundSettings { allowed: AllowedRanges::default(), ..asking(dns) }
}

/// Returns the questions, each once: one that is not answered at once is repeated.
fn asked(dns: &DnsServer) -> Vec<String> {
    let mut questions = dns.questions();
    questions.sort();
    questions.dedup();
    questions
}

async fn look_up_strictly(dns: &DnsServer) -> Result<Lookup, OutboundError> {
    look_up("https://receiver.example/", &AllowedRanges::default(), Some(dns.address()), Duration::from_secs(5)).await
}

#[tokio::test]
async fn name_is_dialled_at_the_address_that_dns_gives() {
    let (dns, address) = (DnsServer::start(DnsReply::of(&["127.0.0.1"])), receiver(b"HTTP/1.1 204 No Content\r\n\r\n").await);
    let response = post(asking(&dns), &format!("http://receiver.example:{}/", address.port())).await.expect("a response");
    assert_eq!(response.status, StatusCode::NO_CONTENT);
    assert_eq!(asked(&dns), ["receiver.example. A", "receiver.example. AAAA"]);
}

#[tokio::test]
async fn name_that_leads_elsewhere_by_then_is_refused_without_a_connection() {
    let dns = DnsServer::start(DnsReply::of(&["8.8.8.8"]));
    assert_eq!(look_up_strictly(&dns).await.expect("taken"), Lookup::Found);
    dns.answer(DnsReply::of(&["127.0.0.1"]));
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a setting");
    let url = format!("https://receiver.example:{}/", listener.local_addr().expect("an address").port());
    let refused = post(strict(&dns), &url).await.expect_err("refused");
    assert_eq!(refused.to_string(), "the host name leads to 127.0.0.1, which is not an address of the internet");
    assert_eq!(listener.accept().expect_err("no connection").kind(), ErrorKind::WouldBlock);
}

#[tokio::test]
async fn every_forbidden_address_is_refused_also_beside_others_and_behind_aliases() {
    let dns = DnsServer::start(DnsReply::Silence);
    let forbidden = [
        "127.0.0.1",
        "10.1.2.3",
        "169.254.169.254",
        "100.64.0.1",
        "192.168.0.1",
        "::",
        "::1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::7f00:1",
        "64:ff9b::a00:1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::808:808",
        "2001::1",
        "2002:7f00:1::",
        "2002:808:808::",
        "fd00::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "100::1",
        "2001:db8::1",
    ];
    for address in forbidden {
        let refusal = format!("the host name leads to {address}, which is not an address of the internet");
        for reply in [
            DnsReply::of(&[address]),
            DnsReply::of(&["8.8.8.8", "2606:4700::1111", address]),
            DnsReply::by_aliases(&["one.example.", "two.example.", "three.example."], &["8.8.4.4", address]),
        ] {
            dns.answer(reply);
            assert_eq!(look_up_strictly(&dns).await.expect_err("refused").to_string(), refusal);
            let refused = post(strict(&dns), "https://receiver.example/").await.expect_err("refused");
            assert_eq!(refused.to_string(), refusal);
        }
    }
    for address in ["8.8.8.8", "2606:4700::1111", "64:ff9b::808:808"] {
        dns.answer(DnsReply::by_aliases(&["one.example."], &[address]));
        assert_eq!(look_up_strictly(&dns).await.expect("taken"), Lookup::Found, "{address}");
    }
}

#[tokio::test]
async fn failures_of_dns_are_explained_in_one_sentence() {
    let dns = DnsServer::start(DnsReply::Silence);
    let many: Vec<_> = (1..=65).map(|last| [8, 8, 8, last].into()).collect();
    let failures = [
        (DnsReply::Code(3), "DNS: there is no receiver.example"),
        (DnsReply::of(&[]), "DNS: receiver.example has no address"),
        (DnsReply::Code(2), "DNS: the DNS server answered \"Server Failure\" for receiver.example"),
        (DnsReply::Code(5), "DNS: the DNS server answered \"Query Refused\" for receiver.example"),
        (DnsReply::Addresses(many), "DNS: receiver.example has more than 64 addresses"),
    ];
    for (reply, sentence) in failures {
        dns.answer(reply);
        let failed = post(strict(&dns), "https://receiver.example/").await.expect_err("no address");
        assert_eq!(failed.to_string(), sentence);
    }
    dns.answer(DnsReply::Silence);
    let quick = OutboundSettings { dns_timeout: Duration::from_millis(300), ..strict(&dns) };
    let failed = post(quick, "https://receiver.example/").await.expect_err("no address");
    assert_eq!(failed.to_string(), "DNS: no answer about receiver.example within 0.3 s");
    let resolver = Resolver::new(Some(dns.address()), Duration::from_secs(5));
    let failed = resolver.look_up(&format!("{}.example", "x".repeat(64))).await.expect_err("no name");
    assert_eq!(failed.to_string(), "DNS: the host name is too long, or a part of it is");
}

#[tokio::test]
async fn few_of_many_addresses_are_dialled() {
    let addresses: Vec<_> = (1..=60).map(|last| [127, 0, 1, last].into()).collect();
    let dns = DnsServer::start(DnsReply::Addresses(addresses));
    let resolver = Resolver::new(Some(dns.address()), Duration::from_secs(5));
    let found = resolver.look_up("receiver.example").await.expect("addresses");
    assert_eq!(found.len(), 60);
    assert_eq!(resolver::to_dial(found).len(), 4);
}

#[tokio::test]
async fn answer_is_kept_for_its_time_to_live() {
    let dns = DnsServer::start(DnsReply::of(&["8.8.8.8"]));
    let resolver = Resolver::new(Some(dns.address()), Duration::from_secs(5));
    for address in ["8.8.8.8", "8.8.4.4"] {
        dns.answer(DnsReply::of(&[address]));
        let found = resolver.look_up("receiver.example").await.expect("addresses");
        assert_eq!(found, [address.parse::<std::net::IpAddr>().expect("an address")], "a TTL of 0 s");
    }
    dns.set_ttl(3600);
    let kept = resolver.look_up("receiver.example").await.expect("addresses");
    dns.answer(DnsReply::of(&["8.8.8.8"]));
    assert_eq!(resolver.look_up("receiver.example").await, Ok(kept.clone()));
    assert_ne!(resolver.look_up("other.example").await, Ok(kept));
}

#[tokio::test]
async fn names_are_complete_whatever_their_form() {
    let dns = DnsServer::start(DnsReply::of(&["8.8.8.8"]));
    let resolver = Resolver::new(Some(dns.address()), Duration::from_secs(5));
    for name in ["intranet", "intranet.", "xn--bcher-kva.example", "with_underscore.example"] {
        resolver.look_up(name).await.expect("addresses");
    }
    let asked: Vec<String> = asked(&dns).into_iter().filter(|question| question.ends_with(" A")).collect();
    assert_eq!(asked, ["intranet. A", "with_underscore.example. A", "xn--bcher-kva.example. A"]);
}

#[tokio::test]
async fn servers_are_asked_in_their_order_until_one_answers() {
    let second = DnsServer::start(DnsReply::of(&["8.8.8.8"]));
    for reply in [DnsReply::Code(2), DnsReply::Code(4), DnsReply::Code(5), DnsReply::Silence] {
        let first = DnsServer::start(reply.clone());
        let resolver = Resolver::new([first.address(), second.address()], DNS_TIMEOUT);
        let found = resolver.look_up("receiver.example").await;
        assert_eq!(found, Ok(vec![[8, 8, 8, 8].into()]), "{reply:?}");
        assert_eq!(asked(&first), ["receiver.example. A", "receiver.example. AAAA"], "{reply:?}");
    }
    let silent = [(); 2].map(|()| DnsServer::start(DnsReply::Silence).address());
    let resolver = Resolver::new(silent.into_iter().chain([second.address()]), DNS_TIMEOUT);
    assert_eq!(resolver.look_up("receiver.example").await, Ok(vec![[8, 8, 8, 8].into()]));
}

#[tokio::test]
async fn answer_of_the_first_server_is_final() {
    let second = DnsServer::start(DnsReply::of(&["8.8.8.8"]));
    for (reply, sentence) in
        [(DnsReply::Code(3), "DNS: there is no receiver.example"), (DnsReply::of(&[]), "DNS: receiver.example has no address")]
    {
        let first = DnsServer::start(reply);
        let resolver = Resolver::new([first.address(), second.address()], DNS_TIMEOUT);
        assert_eq!(resolver.look_up("receiver.example").await.expect_err("no address").to_string(), sentence);
    }
    assert_eq!(asked(&second), [""; 0]);
}

#[tokio::test]
async fn name_in_the_hosts_file_is_answered_by_it_alone() {
    let dns = DnsServer::start(DnsReply::of(&["8.8.8.8", "2606:4700::1111"]));
    let directory = tempfile::tempdir().expect("a directory");
    let hosts = directory.path().join("hosts");
    std::fs::write(&hosts, "10.0.0.1 four.example\nfd00::1 six.example\n").expect("written");
    let files = resolver::SystemFiles { resolv_conf: directory.path().join("resolv.conf"), hosts };
    let resolver = Resolver::new([dns.address()], DNS_TIMEOUT).with_files(files.clone());
    assert_eq!(resolver.look_up("four.example").await, Ok(vec![[10, 0, 0, 1].into()]));
    assert_eq!(resolver.look_up("six.example").await, Ok(vec!["fd00::1".parse().expect("an address")]));
    assert_eq!(asked(&dns), [""; 0]);
    // Without any DNS server, too.
    let resolver = Resolver::new([], DNS_TIMEOUT).with_files(files);
    assert_eq!(resolver.look_up("four.example").await, Ok(vec![[10, 0, 0, 1].into()]));
    let failed = resolver.look_up("receiver.example").await.expect_err("no server").to_string();
    assert!(failed.contains("resolv.conf names no server that can be asked"), "{failed}");
}
