//! Instructions of a verification and of a whole request, counted by callgrind: counts are reproducible, times are not.
//!
//! `cargo bench --profile dev --bench cost`, which the tests run, holds them against a recorded budget: the counts of the
//! day it was set and a thirtieth more. A change that costs more on purpose raises the budget in the same commit. The
//! dev profile is counted, because it is built for the tests already; docs/PERFORMANCE.md is about the release profile.

use std::net::IpAddr;

use axum::body::Body;
use axum::extract::Request;
use gungraun::{Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main};
use kit::clock::{Clock, Time};
use kit::db::Location;
use kit::http::serve::Service;
use kit::random::Random;
use planeconnection::app::App;
use planeconnection::audit::AuditContext;
use planeconnection::config::Config;
use planeconnection::keys::index::VerifyRequest;
use planeconnection::keys::{self, CreateKey};
use planeconnection::middleware::HttpStack;
use planeconnection::router;
use planeconnection::scopes::{Module, Permissions, Scope};
use planeconnection::workspaces::{self, CreateWorkspace, Owner};
use tokio::runtime::Runtime;

/// The memory allocator of the binary.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const CALLER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 7));

/// A node with one key.
struct Node {
    runtime: Runtime,
    app: App,
    front: HttpStack,
    secret: String,
    _folder: tempfile::TempDir,
}

impl Node {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let location = Location::Sqlite(folder.path().join("cost.db"));
        let clock = Clock::manual("2026-11-23T09:30:00Z".parse::<Time>().expect("a time"));
        let (app, secret) = runtime.block_on(async {
            let app = App::open_with(Config::default(), &location, clock, Random::seeded(7)).await.expect("a database");
            let owner = Owner {
                email: "ana@skyline.example".parse().expect("an email"),
                name: "Ana Keller".parse().expect("a name"),
                password: "correct horse battery".to_owned().into(),
            };
            let create = CreateWorkspace {
                name: "Skyline Aviation".parse().expect("a name"),
                slug: "skyline".parse().expect("a slug"),
                timezone: "Europe/Zurich".parse().expect("a time zone"),
                owner,
            };
            let (workspace, _) = workspaces::create(&app, AuditContext::operator("cost"), create).await.expect("a workspace");
            app.cluster.join("cost").await.expect("a lease");
            let create = CreateKey {
                name: "Fleet website".parse().expect("a name"),
                permissions: Permissions::ReadOnly,
                scopes: None,
                expires_at: Some(None),
                ip_allowlist: None,
                rate_limit: None,
                description: None,
                custodian_id: None,
                test: false,
            };
            let new = keys::create(&app.keys, workspace.id, AuditContext::operator("cost"), create, None).await.expect("a key");
            (app, new.secret.expose().to_owned())
        });
        Self { front: router::router(app.clone()), runtime, app, secret, _folder: folder }
    }

    fn request(&self, path: &str) -> Request {
        let request = Request::builder().uri(path).header("x-api-key", &self.secret).header("host", "cost.example");
        request.header("user-agent", "cost/1").body(Body::empty()).expect("a request")
    }

    fn ask(&self, path: &str) -> u16 {
        let answered = self.front.clone().serve(CALLER, Service::Regular, self.request(path));
        self.runtime.block_on(answered).status().as_u16()
    }

    /// Used before: what is made once is made.
    fn warm(path: &str) -> Self {
        let node = Self::start();
        for _ in 0..3 {
            assert_eq!(node.ask(path), 200, "{path}");
        }
        node
    }
}

fn whoami() -> Node {
    Node::warm("/api/v1/auth/whoami")
}

#[library_benchmark(config = LibraryBenchmarkConfig::default().tool(budget(VERIFY)))]
#[bench::key(setup = whoami)]
fn verify(node: Node) -> Node {
    let (now, ticks) = (node.app.clock.now(), node.app.clock.ticks());
    let ask = VerifyRequest { scope: Some(Scope::read(Module::Trips)), address: CALLER, now, ticks, nodes: 1 };
    assert!(node.app.index.verify(node.secret.as_bytes(), ask).is_ok());
    node
}

#[library_benchmark(config = LibraryBenchmarkConfig::default().tool(budget(REQUEST)))]
#[bench::whoami(setup = whoami)]
fn request(node: Node) -> Node {
    assert_eq!(node.ask("/api/v1/auth/whoami"), 200);
    node
}

/// Instructions a verification may take.
const VERIFY: u64 = 18_000;

/// Instructions a request for `whoami` may take, from its head to the head of its answer. They were 260,191 before the request log, the
/// field `test` of the answer and the rest of rate limits in responses; all three together may add 3 %.
const REQUEST: u64 = 267_900;

fn budget(instructions: u64) -> Callgrind {
    let mut callgrind = Callgrind::default();
    callgrind.hard_limits([(EventKind::Ir, instructions)]);
    callgrind
}

library_benchmark_group!(name = cost, benchmarks = [verify, request]);
main!(library_benchmark_groups = cost);
