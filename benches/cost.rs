//! Instructions of a verification and of whole requests, counted by callgrind: counts are reproducible, times are not.
//!
//! `cargo bench --profile dev --bench cost`, which the tests run, holds them against a recorded budget: the counts of the
//! day it was set and a thirtieth more. A change that costs more on purpose raises the budget in the same commit. The
//! dev profile is counted, because it is built for the tests already; docs/PERFORMANCE.md is about the release profile.
//!
//! Of this thread, everything between a request and its response is counted. Rows are read from SQLite on threads that may
//! block: of these, the reading is counted, but not how threads wait for each other.

#[path = "shared/node.rs"]
mod shared;
#[path = "shared/trip.rs"]
mod trip;

use std::future::poll_fn;
use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use futures_util::future::join_all;
use gungraun::{Callgrind, EventKind, LibraryBenchmarkConfig, library_benchmark, library_benchmark_group, main};
use kit::clock::{Clock, Time};
use kit::db::{Location, Pool, find_rows};
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
use planeconnection::workspaces::WorkspaceId;
use sea_orm::{EntityTrait, QuerySelect};
use serde_json::{Value, json};
use testkit::{TRIPS, WHOAMI};
use tokio::runtime::Runtime;

/// The memory allocator of the binary.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

const CALLER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(203, 0, 113, 7));

/// Trips of the workspace.
const ROWS: u32 = 200;

/// Requests by which what is made once has been made.
const WARM_UP: usize = 3;

/// More threads than read at a time.
const THREADS: usize = 4;

/// A node with a key that reads.
struct Node {
    runtime: Runtime,
    app: App,
    front: HttpStack,
    workspace: WorkspaceId,
    secret: String,
    /// The path that is asked for.
    path: String,
    _folder: tempfile::TempDir,
}

impl Node {
    fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let folder = tempfile::tempdir().expect("a folder");
        let location = Location::Sqlite(folder.path().join("cost.db"));
        let clock = Clock::manual("2026-11-23T09:30:00Z".parse::<Time>().expect("a time"));
        let (app, workspace, secret) = runtime.block_on(async {
            let app = App::open_with(Config::default(), &location, clock, Random::seeded(7)).await.expect("a database");
            let workspace = shared::set_up(&app).await;
            let secret = create_key(&app, workspace, "Fleet website", Permissions::ReadOnly).await;
            (app, workspace, secret)
        });
        let front = router::router(app.clone());
        Self { runtime, app, front, workspace, secret, path: WHOAMI.to_owned(), _folder: folder }
    }

    /// Stores trips, and returns the id of one of them.
    fn store_trips(&self) -> String {
        let items: Vec<Value> = (0..ROWS).map(trip::trip).collect();
        self.runtime.block_on(async {
            let writer = create_key(&self.app, self.workspace, "Planning", Permissions::ReadWrite).await;
            let batch = json!({ "items": items });
            let results =
                shared::post(&self.front, Some(("x-api-key", writer.as_str())), &format!("{TRIPS}/batch"), &batch).await;
            assert_eq!(results["failed"], 0, "{results}");
            let page = shared::answer(self.front.clone(), self.request(TRIPS)).await;
            let page: Value = serde_json::from_slice(&page).expect("JSON");
            page["data"]["items"][0]["id"].as_str().expect("an id").to_owned()
        })
    }

    fn request(&self, path: &str) -> Request {
        let request = Request::builder().uri(path).header("x-api-key", &self.secret).header("host", "cost.example");
        request.header("user-agent", "cost/1").body(Body::empty()).expect("a request")
    }

    fn ask(&self) -> u16 {
        let answered = self.front.clone().serve(CALLER, Service::Regular, self.request(&self.path));
        self.runtime.block_on(answered).status().as_u16()
    }

    /// Asks, and polls the response only when nothing more is being read. How often it is polled depends on the scheduler
    /// otherwise, and each time costs thousands of instructions.
    fn ask_with_rows(&self) -> u16 {
        let mut answered = pin!(self.front.clone().serve(CALLER, Service::Regular, self.request(&self.path)));
        let answered = poll_fn(|context| {
            let_reads_finish();
            answered.as_mut().poll(context)
        });
        self.runtime.block_on(answered).status().as_u16()
    }

    /// Asks so many times: what is made once is made then.
    fn warm_up(&self, requests: usize) {
        for _ in 0..requests {
            assert_eq!(self.ask(), 200, "{}", self.path);
        }
    }

    /// A node with trips, from which `path` reads: it gets the id of one.
    fn with_trips(path: impl FnOnce(&str) -> String) -> Self {
        let mut node = Self::start();
        node.path = path(&node.store_trips());
        // Starts threads, which then take turns, so that each has prepared its statements.
        node.runtime.block_on(zero_all_counts(node.app.db.read()));
        node.warm_up(WARM_UP * THREADS);
        node.runtime.block_on(zero_all_counts(node.app.db.read()));
        node
    }
}

async fn create_key(app: &App, workspace: WorkspaceId, name: &str, permissions: Permissions) -> String {
    let create = CreateKey {
        name: name.parse().expect("a name"),
        permissions,
        scopes: None,
        expires_at: Some(None),
        ip_allowlist: None,
        rate_limit: None,
        description: None,
        custodian_id: None,
        test: false,
    };
    let new = keys::create(&app.keys, workspace, AuditContext::operator("cost"), create, None).await.expect("a key");
    new.secret.expose().to_owned()
}

/// Sets the counts of the threads that read back to zero, see [`READER`].
async fn zero_all_counts(db: &Pool) {
    let reads = (0..THREADS).map(|_| find_rows(db, zero::Entity::find().limit(1)));
    for rows in join_all(reads).await {
        assert_eq!(rows.expect("a row").len(), 1);
    }
}

/// A row that sets the counts of the thread that reads it back to zero.
mod zero {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "workspaces")]
    pub(super) struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        id: Uuid,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub(super) enum Relation {}
    impl ActiveModelBehavior for ActiveModel {}

    impl kit::db::Row for Model {
        fn read(cells: &mut kit::db::Cells<'_>) -> kit::db::DbResult<Self> {
            let id = cells.next_cell()?;
            // Long enough for each of the rows to be read by another thread.
            testkit::wait::pause(std::time::Duration::from_millis(200));
            super::zero_counts();
            Ok(Self { id })
        }
    }

    impl kit::db::EntityRow for Model {
        const COLUMNS: &'static [&'static str] = &["id"];
    }
}

/// Sets the counts of this thread back to zero, see [`READER`].
#[inline(never)]
fn zero_counts() {
    std::hint::black_box(());
}

/// Gives the threads that read the time to finish. It is not counted, see [`READER`].
#[inline(never)]
fn let_reads_finish() {
    testkit::wait::pause(Duration::from_millis(200));
}

fn whoami() -> Node {
    let node = Node::start();
    node.warm_up(3);
    node
}

fn list_of_trips() -> Node {
    Node::with_trips(|_| format!("{TRIPS}?page_size=20"))
}

fn one_trip() -> Node {
    Node::with_trips(|id| format!("{TRIPS}/{id}"))
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
    assert_eq!(node.ask(), 200);
    node
}

#[library_benchmark(config = with_rows(LIST))]
#[bench::trips(setup = list_of_trips)]
fn list(node: Node) -> Node {
    assert_eq!(node.ask_with_rows(), 200);
    node
}

#[library_benchmark(config = with_rows(ROW))]
#[bench::trip(setup = one_trip)]
fn row(node: Node) -> Node {
    assert_eq!(node.ask_with_rows(), 200);
    node
}

/// Instructions a verification may take.
const VERIFY: u64 = 18_000;

/// Instructions a request for `whoami` may take, from its head to the head of its answer. They were 260,191 before the request log, the
/// field `test` of the answer and the rest of rate limits in responses; all three together may add 3 %.
const REQUEST: u64 = 267_900;

/// Instructions a list of 20 of 200 trips may take, in both threads: 6,502,000, and 340,000 if the thread that reads has not prepared
/// the two statements before, which depends on the scheduler.
const LIST: u64 = 7_100_000;

/// Instructions one trip by its id may take, in both threads: 879,000, and 170,000 if the statement has to be prepared.
const ROW: u64 = 1_080_000;

/// The functions by which callgrind counts the threads that read: reading is counted; waiting for it here is not; the set-up is
/// not, since the counts are zero after it, but for the end of the read that sets them to zero, on each of the threads.
const READER: [&str; 3] =
    ["--toggle-collect=*reader::File::read*", "--toggle-collect=*::let_reads_finish*", "--zero-before=*::zero_counts*"];

/// Settings of the allocator without the caches of threads: how full the set-up leaves these depends on the scheduler, and
/// a thread that frees into a full one pays for all that is in it.
const ALLOCATOR_SETTINGS: (&str, &str) = ("_RJEM_MALLOC_CONF", "tcache:false,narenas:1,dirty_decay_ms:-1,muzzy_decay_ms:-1");

fn budget(instructions: u64) -> Callgrind {
    limited(Callgrind::default(), instructions)
}

fn with_rows(instructions: u64) -> LibraryBenchmarkConfig {
    let (name, value) = ALLOCATOR_SETTINGS;
    let mut config = LibraryBenchmarkConfig::default();
    config.env(name, value).tool(limited(Callgrind::with_args(READER), instructions));
    config
}

fn limited(mut callgrind: Callgrind, instructions: u64) -> Callgrind {
    callgrind.hard_limits([(EventKind::Ir, instructions)]);
    callgrind
}

library_benchmark_group!(name = cost, benchmarks = [verify, request, list, row]);
main!(library_benchmark_groups = cost);
