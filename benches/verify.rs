//! What a verification costs beside what it cannot do without: one SHA-256 of the key and one look-up in a map.
//!
//! `cargo bench --bench verify [KEYS…]`, by default 1,000 and 1,000,000 keys. Every figure is the median of rounds
//! that take turns within one run, so the ratios hold on a noisy machine; the nanoseconds are of this machine only.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::hint::black_box;
use std::time::{Duration, Instant};

use planeconnection::keys::index::{Ask, DigestHasher};
use planeconnection::keys::{
    Allowlist, Index, Key, KeyId, Module, Permissions, Person, PlainSecret, Scope, SecretDigest, Tenant,
};
use planeconnection::kit::clock::Time;
use planeconnection::kit::random::Random;
use planeconnection::workspaces::WorkspaceId;
use sha2::{Digest, Sha256};

/// Keys presented in one round, drawn evenly from all of them.
const PRESENTED: usize = 20_000;
const ROUNDS: usize = 31;

type BareMap = HashMap<SecretDigest, u64, BuildHasherDefault<DigestHasher>>;

fn main() {
    let given: Vec<usize> = std::env::args().filter_map(|argument| argument.replace(['_', ','], "").parse().ok()).collect();
    let sizes = if given.is_empty() { vec![1_000, 1_000_000] } else { given };
    println!("| keys | presented | SHA-256 | look-up | sum | verify | verify / sum |");
    println!("| ---: | --- | ---: | ---: | ---: | ---: | ---: |");
    for size in sizes {
        bench(size);
    }
}

fn bench(size: usize) {
    let random = Random::seeded(size as u64);
    let (index, secrets) = fill(size, &random);
    let bare: BareMap = secrets.iter().enumerate().map(|(at, secret)| (digest(secret), at as u64)).collect();
    let drawn: Vec<&str> = (0..PRESENTED).map(|_| secrets[usize::from_le_bytes(random.bytes()) % size].as_str()).collect();
    let unknown: Vec<String> = (0..PRESENTED).map(|_| PlainSecret::generate(&random).expose().to_owned()).collect();
    let malformed: Vec<String> = drawn.iter().map(|secret| secret.replace("pck_", "pck-")).collect();
    row(size, "good", &index, &bare, &drawn, Some(Scope::read(Module::Trips)));
    row(size, "out of scope", &index, &bare, &drawn, Some(Scope::read(Module::Audit)));
    row(size, "unknown", &index, &bare, &unknown.iter().map(String::as_str).collect::<Vec<_>>(), None);
    row(size, "malformed", &index, &bare, &malformed.iter().map(String::as_str).collect::<Vec<_>>(), None);
}

fn row(size: usize, what: &str, index: &Index, bare: &BareMap, presented: &[&str], scope: Option<Scope>) {
    let ask = Ask { scope, address: [203, 0, 113, 7].into(), now: at("2026-11-23T09:30:00Z"), ticks: Duration::from_hours(1) };
    let digests: Vec<SecretDigest> = presented.iter().map(|secret| digest(secret)).collect();
    let [mut hash, mut look_up, mut sum, mut verify] = [const { Vec::new() }; 4];
    for _ in 0..ROUNDS {
        hash.push(time(presented, |secret| digest(secret)));
        look_up.push(time(&digests, |digest| bare.get(digest)));
        sum.push(time(presented, |secret| bare.get(&digest(secret))));
        verify.push(time(presented, |secret| index.verify(secret.as_bytes(), ask)));
    }
    let [hash, look_up, sum, verify] = [hash, look_up, sum, verify].map(median);
    println!("| {size} | {what} | {hash:.0} ns | {look_up:.0} ns | {sum:.0} ns | {verify:.0} ns | {:.2} |", verify / sum);
}

fn fill(size: usize, random: &Random) -> (Index, Vec<String>) {
    let index = Index::default();
    let now = at("2026-11-01T00:00:00Z");
    let workspace = WorkspaceId::new(now, random);
    index.apply_tenant(Tenant { id: workspace, slug: "bench".to_owned(), name: "Bench".to_owned(), timezone: "UTC".to_owned() });
    let secrets = (0..size).map(|number| {
        let secret = PlainSecret::generate(random);
        index.apply(&key(workspace, &secret, number, now, random));
        secret.expose().to_owned()
    });
    let secrets = secrets.collect();
    (index, secrets)
}

fn key(workspace: WorkspaceId, secret: &PlainSecret, number: usize, now: Time, random: &Random) -> Key {
    Key {
        id: KeyId::new(now, random),
        workspace,
        digest: secret.digest(),
        hint: secret.hint(),
        name: format!("Key {number}"),
        description: None,
        permissions: Permissions::ReadOnly,
        scopes: Permissions::ReadOnly.preset().unwrap_or_default(),
        allowlist: Allowlist::default(),
        rate_limit: None,
        created_at: now,
        created_by: Person { id: "operator".to_owned(), name: "bench".to_owned() },
        expires_at: Some(now.after(Duration::from_hours(24 * 365))),
        revoked_at: None,
        revoked_by: None,
        revoke_reason: None,
        refused_everywhere_at: None,
        rotated_from: None,
        revision: 1,
    }
}

fn digest(secret: &str) -> SecretDigest {
    SecretDigest(Sha256::digest(secret).into())
}

fn at(text: &str) -> Time {
    text.parse().expect("a time")
}

/// Nanoseconds for one of `inputs`.
fn time<T, R>(inputs: &[T], each: impl Fn(&T) -> R) -> f64 {
    let begun = Instant::now();
    for input in inputs {
        black_box(each(input));
    }
    begun.elapsed().as_secs_f64() * 1e9 / f64::from(u32::try_from(inputs.len()).unwrap_or(u32::MAX))
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}
