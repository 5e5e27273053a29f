//! Overload: slow readers, too many connections, floods, and the size of the log.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::Command;

use testkit::{Client, DEADLINE, Node, Site, run, until};

use crate::BINARY;

const MUCH: &str = "GET /openapi.json HTTP/1.1\r\nhost: x\r\n\r\n";

/// Asks for much, and reads nothing.
fn slow_reader(mut client: Client) -> Client {
    // A node that refuses the connection may have closed it.
    let _cut_off = client.write(MUCH.repeat(60).as_bytes());
    client
}

/// A client at another address of this machine.
fn client_at(last: u8, node: &Node) -> Client {
    Client::from_stream(connect_from(Ipv4Addr::new(127, 0, 0, last), node.address).expect("a connection"))
}

fn connect_from(client: Ipv4Addr, node: SocketAddr) -> io::Result<TcpStream> {
    let connect = async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind((client, 0).into())?;
        socket.connect(node).await?.into_std()
    };
    let stream = tokio::runtime::Runtime::new()?.block_on(connect)?;
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(DEADLINE))?;
    Ok(stream)
}

/// The status of an answer, if there is one.
fn status(mut client: Client, path: &str) -> Option<u16> {
    client.try_send("GET", path, None).ok().map(|answer| answer.status)
}

/// A figure of the node's metrics.
fn metric(watcher: &mut Client, name: &str) -> f64 {
    let metrics = watcher.get("/metrics").is(200).body;
    let line = metrics.lines().find_map(|line| line.strip_prefix(&format!("planeconnection_{name} ")));
    line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no {name} in {metrics}"))
}

/// The binary with a hard limit of open files.
fn with_files(files: u32, site: &Site, arguments: &[&str]) -> Command {
    let inner = site.command(arguments);
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(format!("ulimit -n {files}; exec \"$0\" \"$@\"")).arg(inner.get_program()).args(inner.get_args());
    command.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?)))).current_dir(site.folder());
    command
}

#[test]
fn slow_readers_on_all_connections_do_not_block_probes() {
    let site = Site::new(BINARY);
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--write-timeout", "1s", "--log", "debug"];
    let node = Node::start(with_files(256, &site, &arguments));
    let mut watcher = node.anonymous();
    let slow: Vec<Client> = (0..230).map(|_| slow_reader(node.anonymous())).collect();
    for probe in ["/health", "/readiness"] {
        until("probes are answered", || status(node.anonymous(), probe) == Some(200));
        assert_eq!(status(client_at(2, &node), probe), Some(200));
    }
    assert_eq!(status(client_at(2, &node), "/api/v1/auth/whoami"), Some(401));
    until("all of them are cut off", || metric(&mut watcher, "connections") < 2.0);
    let whole = 60 * watcher.get("/openapi.json").is(200).body.len();
    for mut client in slow {
        assert!(client.read_to_end().len() < whole);
    }
    let (_, _, log) = node.stop();
    assert!(!log.contains("cannot accept") && log.contains("deadline=Write"), "{log}");
}

#[test]
fn slow_reader_of_a_response_is_cut_off() {
    let site = Site::new(BINARY);
    let node = site.node_with(&["--response-timeout", "2s", "--header-timeout", "1s"]);
    let mut watcher = node.anonymous();
    let mut slow = slow_reader(node.anonymous());
    let mut taken = 0;
    until("the connection is cut off", || {
        taken += slow.read_some(8 << 10).unwrap_or_default();
        metric(&mut watcher, "connections") < 2.0
    });
    let whole = 60 * watcher.get("/openapi.json").is(200).body.len();
    assert!(taken < whole, "{taken} of {whole}");
}

#[test]
fn connections_are_limited_by_client_ip() {
    let site = Site::new(BINARY);
    let node = site.node_with(&["--max-connections", "40"]);
    let mut watcher = node.anonymous();
    let idle: Vec<Client> = (0..10).map(|_| client_at(2, &node)).collect();
    until("the share is used up", || metric(&mut watcher, "connections") >= 11.0);
    let refused = client_at(2, &node).get("/api/v1/auth/whoami").is(503).code("OVERLOADED");
    assert!(refused.headers.contains(&("connection".to_owned(), "close".to_owned())), "{refused:?}");
    for probe in ["/health", "/readiness"] {
        assert_eq!(status(client_at(2, &node), probe), Some(200));
        assert_eq!(status(client_at(3, &node), probe), Some(200));
    }
    assert_eq!(status(client_at(3, &node), "/api/v1/auth/whoami"), Some(401));
    drop(idle);
    until("there is room again", || status(client_at(2, &node), "/api/v1/auth/whoami") == Some(401));
    let metrics = watcher.get("/metrics").is(200).body;
    assert!(metrics.contains("planeconnection_connections_refused_total{bound=\"client\"}"), "{metrics}");
    until("the refusals are logged", || node.stderr().contains("connections were refused"));
}

#[test]
fn full_node_answers_probes_and_recovers() {
    let site = Site::new(BINARY);
    let node = site.node_with(&["--max-connections", "8", "--write-timeout", "2s"]);
    let slow: Vec<Client> = (10..14).flat_map(|last| [last; 2]).map(|last| slow_reader(client_at(last, &node))).collect();
    for probe in ["/health", "/readiness"] {
        assert_eq!(status(node.anonymous(), probe), Some(200));
    }
    until("they are cut off", || status(node.anonymous(), "/api/v1/auth/whoami") == Some(401));
    drop(slow);
}

#[test]
fn connection_limit_beyond_the_file_limit_is_refused() {
    let site = Site::empty_in_file(BINARY);
    let arguments = ["serve", "--listen", "127.0.0.1:0", "--max-connections", "10000"];
    run(with_files(256, &site, &arguments), "").fails(2, "--max-connections: expected 8 to ");
}

#[test]
fn unauthenticated_flood_does_not_fill_the_log() {
    let site = Site::new(BINARY);
    let node = site.node_with(&["--trusted-proxies", "127.0.0.1/32"]);
    let key = node.owner().create_key("A", &["trips:read"]);
    let before = node.stderr().len();
    let letters = "a".repeat(30_000);
    let mut client = node.anonymous();
    for number in 0..3_000 {
        let path = match number % 6 {
            0 => format!("/{letters}"),
            1 => format!("/{}", "\"".repeat(5_000)),
            2 => "/health".to_owned(),
            3 => "/api/v1/auth/whoami".to_owned(),
            4 => format!("/x?key=pck_{}", "aB3".repeat(13).split_at(38).0),
            _ => "/sign-in".to_owned(),
        };
        let address = format!("203.0.{}.{}", number / 250 % 250, number % 250);
        let head =
            client.head("GET", &path) + &format!("x-forwarded-for: {address}\r\nx-request-id: {}\r\n\r\n", "\"".repeat(128));
        client.write(head.as_bytes()).expect("sent");
        client.read_response().expect("an answer");
    }
    for _ in 0..50 {
        node.with_key(&key).get("/api/v1/auth/whoami").is(200);
    }
    until("the sums are logged", || {
        let log = node.stderr();
        log.contains("more requests without a credential")
            && log.matches("method=\"GET\" path=\"/api/v1/auth/whoami\" status=200").count() == 50
    });
    let log = node.stderr();
    // Whatever the speed of the machine: fewer lines than requests, and none of them long.
    let added = &log[before..];
    assert!(added.lines().filter(|line| !line.contains("status=200")).count() < 2_000, "{}", added.lines().count());
    let longest = added.lines().map(str::len).max().expect("lines");
    assert!(longest < 1_200, "{longest}");
}

#[test]
fn ambiguous_message_framing_closes_the_connection() {
    let site = Site::new(BINARY);
    let node = site.node();
    let chunk = |extension: usize| format!("1;{}\r\n{{\r\n", "e".repeat(extension));
    let post =
        "POST /api/v1/auth/sign-in HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let cases = [
        ("CONNECT example.com:443 HTTP/1.1\r\nhost: example.com:443\r\n\r\n".to_owned(), &["404", "405", "400"][..]),
        ("GET /health HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n".to_owned(), &["200"]),
        ("GET /health HTTP/1.1\r\nhost: x\r\nconnection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n".to_owned(), &["200"]),
        (format!("{post}{}", chunk(100_000)), &["400", "closed"]),
        (format!("{post}{}", chunk(100).repeat(10_000)), &["400", "413", "closed"]),
        (format!("{post}1\r\n{{\r\n0\r\n{}\r\n", "x-trailer: a\r\n".repeat(1_000)), &["400", "431", "closed"]),
        (format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", (0..200).fold(String::new(), |fields, number| fields + &format!("x-{number}: a\r\n"))), &["431", "400"]),
    ];
    for (request, expected) in cases {
        let mut client = node.anonymous();
        // The node may have closed before everything was sent.
        let _cut_off = client.write(request.as_bytes());
        let status = client.read_response().map_or_else(|_| "closed".to_owned(), |answer| answer.status.to_string());
        assert!(expected.contains(&status.as_str()), "{}: {status}", &request[..request.len().min(100)]);
        node.anonymous().get("/health").is(200);
    }
}

#[test]
fn incomplete_bodies_take_little_memory() {
    let site = Site::new(BINARY);
    let node = site.node();
    let mut clients: Vec<Client> = (0..50).map(|_| node.anonymous()).collect();
    for client in &mut clients {
        client.begin_post("/api/v1/auth/sign-in", 1 << 20, "").expect("sent");
        client.read_response().expect("an answer").is(413).code("PAYLOAD_TOO_LARGE");
    }
    let (mut watcher, mut clients): (_, Vec<Client>) = (node.anonymous(), (0..50).map(|_| node.anonymous()).collect());
    let beginning = "{".to_owned() + &" ".repeat(8_000);
    for client in &mut clients {
        client.begin_post("/api/v1/auth/sign-in", 8 << 10, &beginning).expect("sent");
    }
    until("the bodies have arrived", || metric(&mut watcher, "body_bytes") >= 50.0 * 8_001.0);
    drop(clients);
    until("they are let go", || metric(&mut watcher, "body_bytes") < 1.0);
}
