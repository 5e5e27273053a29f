"""A receiver of webhooks: SECRETS='whsec_...' python3 receiver.py"""

import base64, hashlib, hmac, json, logging, os, sqlite3, sys, threading, time, urllib.request
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

DATABASE = os.environ.get("DATA", "events") + "/events.db"
URL, API_KEY, WEBHOOK = (os.environ.get(name, "") for name in ("PLANECONNECTION_URL", "PLANECONNECTION_KEY", "WEBHOOK"))
MAX_BODY = 1024 * 1024
TOLERANCE = 300  # seconds


def work(event):
    """Your code. If the process is killed meanwhile, it runs again for the same event."""
    logging.info("done %s %s %s", event["id"], event["type"], event["sequence"])


def key_of(secret):
    key = base64.b64decode(secret[6:], validate=True) if secret.startswith("whsec_") else secret.encode()
    if len(key) < 24:
        raise ValueError("a secret has at least 24 bytes")
    return key


try:  # during a rotation the new secret and the old one, with a space between them
    KEYS = [key_of(secret) for secret in os.environ.get("SECRETS", "").split()]
except ValueError as error:
    sys.exit(f"SECRETS: {error}")
if not KEYS:
    sys.exit("SECRETS is empty")


def verify(headers, body):
    """Raises ValueError unless the request comes from PlaneConnection, and now."""
    event, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if abs(time.time() - int(timestamp)) > TOLERANCE:
        raise ValueError("the request is too old")
    signed = f"{event}.{timestamp}.".encode() + body
    expected = [b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()) for key in KEYS]
    given = headers.get("webhook-signature", "").encode().split()
    if not any(hmac.compare_digest(one, other) for one in expected for other in given):
        raise ValueError("no signature fits")


def database():
    db = sqlite3.connect(DATABASE, timeout=5)
    db.execute("PRAGMA synchronous = FULL")
    db.execute(
        "CREATE TABLE IF NOT EXISTS events (id TEXT PRIMARY KEY, sequence INTEGER, previous INTEGER,"
        " body TEXT NOT NULL, is_done INTEGER NOT NULL DEFAULT 0)"
    )
    db.execute("CREATE INDEX IF NOT EXISTS by_sequence ON events (sequence)")
    db.execute("CREATE INDEX IF NOT EXISTS by_previous ON events (previous)")
    return closing(db)


def store(events):
    """Stores pairs of an event and the sequence before it. Those that are there already stay as they are."""
    rows = [(event["id"], event["sequence"], previous, json.dumps(event)) for event, previous in events]
    with database() as db, db:
        db.executemany("INSERT OR IGNORE INTO events (id, sequence, previous, body) VALUES (?, ?, ?, ?)", rows)


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal():
            return self.answer(411)
        if int(length) > MAX_BODY:
            return self.answer(413)
        body = self.rfile.read(int(length))
        try:
            verify(self.headers, body)
            event = json.loads(body)
            previous = int(self.headers.get("X-PlaneConnection-Previous-Sequence") or 0) or None
        except (OverflowError, ValueError):
            return self.answer(401)
        try:
            store([(event, previous)])
        except sqlite3.Error as error:
            logging.info("cannot store: %s", error)
            return self.answer(503)  # it is sent again later
        self.answer(204)
        wake.set()

    def answer(self, status):
        self.close_connection = status >= 400
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def fill_gaps(checked):
    """Fetches events that did not arrive. Returns the last sequence that was looked for."""
    while True:
        with database() as db:
            (missing,) = db.execute(
                "SELECT min(previous) FROM events AS later WHERE previous > ?"
                " AND NOT EXISTS (SELECT 1 FROM events WHERE sequence = later.previous)", (checked,)
            ).fetchone()
            (after,) = db.execute("SELECT max(sequence) FROM events WHERE sequence < ?", (missing,)).fetchone()
        if missing is None or not API_KEY:
            return checked
        after = after or 0
        while after is not None:
            request = urllib.request.Request(f"{URL}/api/v1/webhooks/{WEBHOOK}/events?after_sequence={after}")
            request.add_header("X-API-Key", API_KEY)
            with urllib.request.urlopen(request, timeout=30) as response:
                page = json.load(response)["data"]
            store((event, None) for event in page["items"])
            after = page["next_after_sequence"]
        checked = missing


def work_through():
    with database() as db:
        waiting = db.execute("SELECT id, body FROM events WHERE NOT is_done ORDER BY sequence").fetchall()
        for id, body in waiting:
            work(json.loads(body))
            with db:
                db.execute("UPDATE events SET is_done = 1 WHERE id = ?", (id,))


def worker():
    checked = 0
    while True:
        wake.wait(60)
        wake.clear()
        try:
            checked = fill_gaps(checked)
        except Exception as error:  # the thread goes on, whatever happens
            logging.info("a gap is open: %s", error)
        try:
            work_through()
        except Exception as error:  # it is tried again within a minute
            logging.info("not done: %s", error)


logging.basicConfig(format="%(message)s", level=logging.INFO, stream=sys.stdout)
wake = threading.Event()
wake.set()
os.makedirs(os.path.dirname(DATABASE), mode=0o700, exist_ok=True)
threading.Thread(target=worker, daemon=True).start()
ThreadingHTTPServer.request_queue_size = 128  # else connections that come at once are reset
server = ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", 8000))), Receiver)
logging.info("Listening on http://127.0.0.1:%d", server.server_port)
server.serve_forever()
