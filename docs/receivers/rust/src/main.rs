//! A receiver of webhooks: SECRETS='whsec_...' cargo run

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use ring::hmac;
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const MAX_BODY: usize = 1024 * 1024;
const TOLERANCE_SECONDS: u64 = 300;
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Your code. If the process is killed meanwhile, it runs again for the same event.
fn work(event: &Value) -> Outcome<()> {
    println!("done {} {} {}", text(event, "id"), text(event, "type"), event["sequence"]);
    Ok(())
}

struct Receiver {
    keys: Vec<hmac::Key>,
    data: PathBuf,
    known: Mutex<Known>,
    wake: mpsc::SyncSender<()>,
}

#[derive(Default)]
struct Known {
    /// Events to work on, by sequence and id.
    waiting: BTreeMap<(i64, String), Value>,
    /// Sequences of the events that are stored.
    sequences: BTreeSet<i64>,
    /// Sequences of events that others say came before them.
    missing: BTreeSet<i64>,
}

impl Known {
    fn note(&mut self, sequence: i64, previous: Option<i64>) {
        self.sequences.insert(sequence);
        self.missing.remove(&sequence);
        self.missing.extend(previous.filter(|previous| !self.sequences.contains(previous)));
    }
}

impl Receiver {
    /// Fails unless the request comes from PlaneConnection, and now.
    fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Outcome<()> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let (event, timestamp) = (header("webhook-id"), header("webhook-timestamp"));
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        if now.abs_diff(timestamp.parse()?) > TOLERANCE_SECONDS {
            return Err("the request is too old".into());
        }
        let signed = [format!("{event}.{timestamp}.").as_bytes(), body].concat();
        let given = header("webhook-signature").split(' ').filter_map(|one| one.strip_prefix("v1,"));
        let mut given = given.filter_map(|one| data_encoding::BASE64.decode(one.as_bytes()).ok());
        // The comparison takes the same time for each.
        let fits = given.any(|one| self.keys.iter().any(|key| hmac::verify(key, &signed, &one).is_ok()));
        if fits { Ok(()) } else { Err("no signature fits".into()) }
    }

    /// Stores an event as a file with its id as name, so it is stored once. In your system: a table with a unique column.
    fn store(&self, event: Value, previous: Option<i64>) -> Outcome<()> {
        static NUMBER: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let id = text(&event, "id").to_owned();
        if !id.starts_with("evt_") || !id[4..].bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err("not an event".into());
        }
        let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_nanos();
        let temporary = self.data.join(format!("new-{now}-{number}"));
        let mut file = File::create_new(&temporary)?;
        let written = file.write_all(json!({ "event": event, "previous": previous }).to_string().as_bytes());
        let synced = written.and_then(|()| file.sync_all());
        let linked = synced.and_then(|()| fs::hard_link(&temporary, self.data.join(format!("{id}.json"))));
        fs::remove_file(temporary)?;
        match linked {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            linked => linked?,
        }
        File::open(&self.data)?.sync_all()?;
        let sequence = event["sequence"].as_i64().unwrap_or_default();
        let mut known = self.known.lock().expect("no panic");
        known.note(sequence, previous);
        // Also an event that was stored before, if something failed afterwards.
        if !self.data.join(format!("{id}.done")).exists() {
            known.waiting.insert((sequence, id), event);
        }
        Ok(())
    }

    /// Reads what is stored from before a restart.
    fn load(&self) -> Outcome<()> {
        let mut known = self.known.lock().expect("no panic");
        for entry in fs::read_dir(&self.data)? {
            let entry = entry?;
            let path = entry.path();
            if entry.file_name().to_string_lossy().starts_with("new-") {
                fs::remove_file(&path)?; // from before a crash
            }
            if path.extension().is_none_or(|kind| kind != "json") {
                continue;
            }
            let mut stored: Value = serde_json::from_slice(&fs::read(&path)?)?;
            let event = stored["event"].take();
            let sequence = event["sequence"].as_i64().unwrap_or_default();
            known.note(sequence, stored["previous"].as_i64());
            if !path.with_extension("done").exists() {
                known.waiting.insert((sequence, text(&event, "id").to_owned()), event);
            }
        }
        Ok(())
    }

    /// Fetches events that did not arrive.
    fn fill_gaps(&self) -> Outcome<()> {
        let (Ok(server), Ok(key), Ok(webhook)) = (var("PLANECONNECTION_URL"), var("PLANECONNECTION_KEY"), var("WEBHOOK")) else {
            return Ok(());
        };
        let missing = self.known.lock().expect("no panic").missing.clone();
        for sequence in missing {
            if !self.known.lock().expect("no panic").missing.contains(&sequence) {
                continue; // it came meanwhile
            }
            let before = self.known.lock().expect("no panic").sequences.range(..sequence).next_back().copied();
            let mut next = Some(before.unwrap_or_default());
            while let Some(after) = next {
                let url = format!("{server}/api/v1/webhooks/{webhook}/events?after_sequence={after}");
                let timeout = Some(Duration::from_secs(30));
                let request = ureq::get(url).header("X-API-Key", &key).config().timeout_global(timeout).build();
                let mut page: Value = serde_json::from_reader(request.call()?.body_mut().as_reader())?;
                for event in page["data"]["items"].as_array_mut().into_iter().flatten() {
                    self.store(event.take(), None)?;
                }
                next = page["data"]["next_after_sequence"].as_i64();
            }
            self.known.lock().expect("no panic").missing.remove(&sequence);
        }
        Ok(())
    }

    fn work_through(&self) -> Outcome<()> {
        let waiting = self.known.lock().expect("no panic").waiting.clone();
        for (key, event) in waiting {
            std::panic::catch_unwind(|| work(&event)).unwrap_or_else(|_| Err("a panic".into()))?;
            fs::write(self.data.join(format!("{}.done", key.1)), "")?;
            self.known.lock().expect("no panic").waiting.remove(&key);
        }
        Ok(())
    }
}

async fn receive(State(receiver): State<Arc<Receiver>>, headers: HeaderMap, body: Body) -> StatusCode {
    let body = match tokio::time::timeout(READ_TIMEOUT, to_bytes(body, MAX_BODY)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return StatusCode::PAYLOAD_TOO_LARGE,
        Err(_) => return StatusCode::REQUEST_TIMEOUT,
    };
    let event = receiver.verify(&headers, &body).and_then(|()| Ok(serde_json::from_slice(&body)?));
    let Ok(event) = event else { return StatusCode::UNAUTHORIZED };
    // Empty for the first event of an endpoint.
    let previous = headers.get("x-planeconnection-previous-sequence").and_then(|value| value.to_str().ok()?.parse().ok());
    let storing = Arc::clone(&receiver);
    match tokio::task::spawn_blocking(move || storing.store(event, previous)).await {
        Ok(Ok(())) => {
            let _ = receiver.wake.try_send(()); // one is enough
            StatusCode::NO_CONTENT
        }
        failed => {
            println!("cannot store: {failed:?}");
            StatusCode::SERVICE_UNAVAILABLE // it is sent again later
        }
    }
}

fn text<'a>(event: &'a Value, field: &str) -> &'a str {
    event[field].as_str().unwrap_or_default()
}

fn var(name: &str) -> Result<String, std::env::VarError> {
    std::env::var(name)
}

#[tokio::main]
async fn main() -> Outcome<()> {
    // During a rotation the new secret and the old one, with a space between them.
    let key = |secret: &str| -> Outcome<hmac::Key> {
        let bytes = match secret.strip_prefix("whsec_") {
            Some(encoded) => data_encoding::BASE64.decode(encoded.as_bytes()).unwrap_or_default(),
            None => secret.as_bytes().to_vec(),
        };
        if bytes.len() < 24 {
            return Err("SECRETS: a secret has at least 24 bytes, after whsec_ in base64".into());
        }
        Ok(hmac::Key::new(hmac::HMAC_SHA256, &bytes))
    };
    let keys: Vec<_> = var("SECRETS").unwrap_or_default().split_whitespace().map(key).collect::<Outcome<_>>()?;
    if keys.is_empty() {
        return Err("SECRETS is empty".into());
    }
    let data = PathBuf::from(var("DATA").unwrap_or_else(|_| "events".to_owned()));
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&data)?;
    let (wake, woken) = mpsc::sync_channel(1);
    let receiver = Arc::new(Receiver { keys, data, known: Mutex::default(), wake });
    receiver.load()?;
    let worker = Arc::clone(&receiver);
    std::thread::spawn(move || {
        loop {
            if let Err(error) = worker.fill_gaps() {
                println!("a gap is open: {error}");
            }
            if let Err(error) = worker.work_through() {
                println!("not done: {error}"); // it is tried again within a minute
            }
            let _ = woken.recv_timeout(Duration::from_secs(60));
        }
    });
    let router = axum::Router::new().fallback(receive).with_state(receiver);
    let listener =
        tokio::net::TcpListener::bind(format!("127.0.0.1:{}", var("PORT").unwrap_or_else(|_| "8000".to_owned()))).await?;
    println!("Listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, router).await?)
}
