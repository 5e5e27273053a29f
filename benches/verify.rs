//! The cost of a verification, compared with its necessary parts: one SHA-256 of the key and one look-up in a map.
//!
//! `cargo bench --bench verify [KEYS…]`, by default 1,000, 1,000,000 and 10,000,000 keys, which takes gigabytes of memory.
//! Every figure is the median of rounds that take turns within one run, so the ratios hold on a noisy machine; the
//! nanoseconds are of this machine only. Every round presents other keys, drawn evenly from all of their kind, so that
//! their memory is as cold as it is for keys of many callers; "hot" presents the same few.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

use key_format::PlainSecret;
use kit::clock::Time;
use kit::random::Random;
use planeconnection::keys::index::{Verified, VerifyRequest};
use planeconnection::keys::{Allowlist, Index, IndexedKey, KeyId, RateLimit};
use planeconnection::scopes::{Module, Permissions, Scope};
use planeconnection::workspaces::{Tenant, WorkspaceId};
use sha2::{Digest, Sha256};

/// Keys presented in one round by each thread.
const PRESENTED: usize = 100_000;
const ROUNDS: usize = 15;

/// Keys that are presented again and again when they are to be hot.
const HOT: usize = 16;

type Secret = [u8; key_format::LENGTH];

/// The standard library's map, with no hashing to do: a digest is random already.
type BareMap = HashMap<[u8; 32], u64, BuildHasherDefault<FirstBytes>>;

#[derive(Default)]
struct FirstBytes(u64);

impl Hasher for FirstBytes {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        if let Some(first) = bytes.first_chunk::<8>() {
            self.0 = u64::from_le_bytes(*first);
        }
    }
    fn write_usize(&mut self, _length: usize) {}
}

fn main() {
    let given: Vec<usize> = std::env::args().filter_map(|argument| argument.replace(['_', ','], "").parse().ok()).collect();
    let sizes = if given.is_empty() { vec![1_000, 1_000_000, 10_000_000] } else { given };
    println!("| keys | threads | presented | SHA-256 | lookup | both | verify | verify / both | with entry |");
    println!("| ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    for size in sizes {
        let bench = Bench::new(size);
        let trips = Some(Scope::read(Module::Trips));
        for threads in [1, 2] {
            bench.row(threads, "any key", trips, |at| bench.of_kind(Kind::Plain, at));
            bench.row(threads, "hot", trips, |at| bench.of_kind(Kind::Plain, at % HOT * 8));
            bench.row(threads, "with a limit", trips, |at| bench.of_kind(Kind::Limited, at));
            bench.row(threads, "out of scope", Some(Scope::read(Module::Audit)), |at| bench.of_kind(Kind::Plain, at));
            bench.row(threads, "revoked", trips, |at| bench.of_kind(Kind::Revoked, at));
            bench.row(threads, "unknown", trips, |at| bench.unknown[at % bench.unknown.len()]);
            bench.row(threads, "malformed", trips, |at| bench.malformed[at % bench.malformed.len()]);
        }
    }
}

/// One key in eight is revoked, one has a limit.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Limited,
    Revoked,
    Plain,
}

impl Kind {
    fn of(number: usize) -> Self {
        [Self::Limited, Self::Revoked].get(number % 8).copied().unwrap_or(Self::Plain)
    }
}

struct Bench {
    index: Index,
    bare: BareMap,
    secrets: Vec<Secret>,
    unknown: Vec<Secret>,
    malformed: Vec<Secret>,
    random: Random,
}

impl Bench {
    fn new(size: usize) -> Self {
        let random = Random::seeded(size as u64);
        let (index, now) = (Index::default(), at("2026-11-01T00:00:00Z"));
        let workspace = WorkspaceId::new(now, &random);
        let tenant =
            Tenant { id: workspace, owner: workspace, slug: "bench".into(), name: "Bench".into(), timezone: "UTC".into() };
        index.apply_tenant(tenant);
        let make = |number| {
            let secret = PlainSecret::generate(|bytes| random.fill(bytes));
            index.apply(&key(workspace, &secret, number, now, &random));
            secret_of(&secret)
        };
        let secrets: Vec<Secret> = (0..size.next_multiple_of(8)).map(make).collect();
        let bare = secrets.iter().zip(0..).map(|(secret, number)| (digest(secret), number)).collect();
        let unknown: Vec<Secret> =
            (0..PRESENTED).map(|_| secret_of(&PlainSecret::generate(|bytes| random.fill(bytes)))).collect();
        let malformed = unknown
            .iter()
            .map(|secret| {
                let mut secret = *secret;
                secret[3] = b'-';
                secret
            })
            .collect();
        Self { index, bare, secrets, unknown, malformed, random }
    }

    /// Some key of a kind: of every eight, the first has a limit, the second is revoked, and the others are plain.
    fn of_kind(&self, kind: Kind, at: usize) -> Secret {
        let nth = match kind {
            Kind::Limited => 0,
            Kind::Revoked => 1,
            Kind::Plain => 2 + at % 6,
        };
        self.secrets[at / 8 % (self.secrets.len() / 8) * 8 + nth]
    }

    fn row(&self, threads: usize, what: &str, scope: Option<Scope>, secret: impl Fn(usize) -> Secret) {
        let (now, ticks) = (at("2026-11-23T09:30:00Z"), Duration::from_hours(1));
        let ask = VerifyRequest { scope, address: [203, 0, 113, 7].into(), now, ticks, nodes: 1 };
        let mut columns = [const { Vec::new() }; 5];
        for _ in 0..ROUNDS {
            // Each column has keys of its own: none finds in the cache what another has just brought there.
            let draw = || (0..PRESENTED).map(|_| secret(usize::from_le_bytes(self.random.bytes()) >> 8)).collect();
            let drawn = || (0..threads).map(|_| draw()).collect::<Vec<Vec<Secret>>>();
            let digests: Vec<Vec<[u8; 32]>> = drawn().iter().map(|drawn| drawn.iter().map(digest).collect()).collect();
            columns[0].push(time(&drawn(), digest));
            columns[1].push(time(&digests, |digest| self.bare.get(digest)));
            columns[2].push(time(&drawn(), |secret| self.bare.get(&digest(secret))));
            columns[3].push(time(&drawn(), |secret| self.index.verify(secret, ask)));
            columns[4].push(time(&drawn(), |secret| self.index.verify(secret, ask).map(Verified::entry)));
        }
        let [hash, look_up, both, verify, with_entry] = columns.map(median);
        let (keys, ratio) = (self.secrets.len(), verify / both);
        println!(
            "| {keys} | {threads} | {what} | {hash:.0} ns | {look_up:.0} ns | {both:.0} ns | {verify:.0} ns | {ratio:.2} | {with_entry:.0} ns |"
        );
    }
}

fn key(workspace: WorkspaceId, secret: &PlainSecret, number: usize, now: Time, random: &Random) -> IndexedKey {
    let kind = Kind::of(number);
    IndexedKey {
        id: KeyId::new(now, random),
        workspace,
        sandbox: None,
        digest: secret.digest(),
        name: format!("Key {number}").into(),
        scopes: Permissions::ReadOnly.preset().unwrap_or_default(),
        allowlist: Allowlist::default(),
        rate_limit: (kind == Kind::Limited).then_some(RateLimit { requests: 1_000_000, per_seconds: 1 }),
        expires_at: Some(now.after(Duration::from_hours(24 * 365))),
        pause: None,
        is_revoked: kind == Kind::Revoked,
        revision: 1,
    }
}

fn secret_of(secret: &PlainSecret) -> Secret {
    secret.expose().as_bytes().try_into().expect("every key is as long")
}

fn digest(secret: &Secret) -> [u8; 32] {
    Sha256::digest(secret).into()
}

fn at(text: &str) -> Time {
    text.parse().expect("a time")
}

/// Nanoseconds for one of the inputs, which each thread has of its own.
fn time<T: Sync, R>(inputs: &[Vec<T>], each: impl Fn(&T) -> R + Sync) -> f64 {
    let (start, each) = (Barrier::new(inputs.len()), &each);
    let one = |inputs: &[T]| {
        start.wait();
        let begun = Instant::now();
        for input in inputs {
            black_box(each(black_box(input)));
        }
        begun.elapsed().as_secs_f64() * 1e9 / f64::from(u32::try_from(inputs.len()).unwrap_or(u32::MAX))
    };
    if let [inputs] = inputs {
        return one(inputs);
    }
    let took: Vec<f64> = std::thread::scope(|scope| {
        let threads: Vec<_> = inputs.iter().map(|inputs| scope.spawn(|| one(inputs))).collect();
        threads.into_iter().map(|thread| thread.join().expect("it does not panic")).collect()
    });
    took.iter().sum::<f64>() / f64::from(u32::try_from(took.len()).unwrap_or(u32::MAX))
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
