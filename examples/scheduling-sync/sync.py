"""Keeps the trips of scheduling software and of PlaneConnection the same: python3 sync.py EXPORT.csv FOLDER"""

import csv, fcntl, http.client, json, os, random, re, sys, time, urllib.error, urllib.request
from datetime import datetime, timezone
from urllib.parse import quote

API, KEY = os.environ["PLANECONNECTION_URL"].rstrip("/") + "/api/v1", os.environ["PLANECONNECTION_KEY"].strip()
if not re.fullmatch(r"pck_(test_)?[0-9A-Za-z]{38}", KEY):
    sys.exit("PLANECONNECTION_KEY is not an API key")
MAX_CANCELLED = int(os.environ.get("MAX_CANCELLED", "5"))  # if more trips are gone at once, the export may be broken
COLUMNS = {"tripType": "type", "origin": "from", "destination": "to", "departureDate": "departs"}
BEFORE_RELEASE = ("draft", "quoted", "requested", "confirmed", "scheduled")
TIME = "%Y-%m-%dT%H:%M:%S%z"


def call(method, path, body=None, headers={}):
    """Returns the data of an answer and its ETag. Tries again after faults that pass. ValueError: the API refuses it."""
    data = None if body is None else json.dumps(body).encode()
    for pause in (2, 4, 8, 16, 32, None):
        request = urllib.request.Request(API + path, data, {"Content-Type": "application/json", **headers}, method=method)
        request.add_unredirected_header("X-API-Key", KEY)  # a redirect must not carry it to another server
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["data"], answer.headers["ETag"]
        except urllib.error.HTTPError as answer:
            text, wait = answer.read(2000).decode(errors="replace"), answer.headers["Retry-After"] or ""
            fault = f"{answer.code} " + re.sub(r'.*"message":"(.*?)","requestId":"(.*?)".*', r"\1 (\2)", text)
            if answer.code in (400, 404, 409, 412):
                raise ValueError(fault) from None
            if answer.code not in (408, 429, 500, 502, 503, 504, 507):
                sys.exit(fault)
        except (OSError, http.client.HTTPException, ValueError) as lost:
            fault, wait = f"no answer: {lost}", ""
        if pause is None:
            sys.exit(fault)
        time.sleep(max(pause * random.uniform(0.5, 1), int(wait) if wait.isdecimal() else 0))


def pull(state):
    """Takes in the changes after the stored number, and replaces the file that has both. Returns the trips by number."""
    has_more = True
    while has_more:
        changes, _ = call("GET", f"/changes?module=trips&after={state['after']}")
        for change in changes["items"]:
            if change["change"] == "reset":  # the data of test keys was deleted
                state["trips"] = {}
            state["trips"][change["id"]] = change["object"]
        state["after"], has_more = changes["next"], changes["has_more"]
    with open("trips.json.new", "w") as file:
        json.dump(state, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    os.replace("trips.json.new", "trips.json")
    return {trip["externalId"]: trip for trip in state["trips"].values() if trip}


def push(number, row, trip):
    """Creates, updates or cancels a trip. Only fields of the export are sent: the others are the dispatchers'."""
    if row is None:  # it is gone from the export
        trip, tag = call("GET", f"/ops/trips/{trip['id']}")
        if trip["status"] not in BEFORE_RELEASE:
            raise ValueError(f"gone from the export, but {trip['status']}: ask dispatch")
        call("PATCH", f"/ops/trips/{trip['id']}", {"status": "cancelled"}, {"If-Match": tag})
        return print(number, "cancelled")
    new = {field: row[column] for field, column in COLUMNS.items()}
    new["departureDate"] = f"{datetime.strptime(row['departs'], TIME).astimezone(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    if trip is None:
        call("PUT", f"/ops/trips/by-external-id/{quote(number, safe='')}", new, {"If-None-Match": "*"})
        return print(number, "created")
    changed = {field: value for field, value in new.items() if value != trip[field]}
    if changed and trip["status"] not in ("completed", "cancelled"):
        call("PATCH", f"/ops/trips/{trip['id']}", changed)
        print(number, "updated:", *changed)


with open(sys.argv[1], newline="", encoding="utf-8-sig") as file:
    rows = {row["number"]: row for row in csv.DictReader(file)}
os.chdir(sys.argv[2])
lock = open("lock", "w")  # the system releases it, however the process ends
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    sys.exit("another run is in progress")
state = json.load(open("trips.json")) if os.path.exists("trips.json") else {"after": 0, "exported": [], "trips": {}}
missing, now = {*state["exported"]} - {*rows}, f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
state["exported"] = [*rows, *missing]
trips, problems = pull(state), 0
gone = sorted(n for n in missing & {*trips} if trips[n]["departureDate"] > now and trips[n]["status"] != "cancelled")
if not rows or len(gone) > MAX_CANCELLED:
    sys.exit(f"the export has {len(rows)} trips, and {len(gone)} are gone: nothing was written")
for number in [*rows, *gone]:
    try:
        push(number, rows.get(number), trips.get(number))
    except (LookupError, TypeError, ValueError) as fault:
        print(number, fault, file=sys.stderr)
        problems += not str(fault).startswith("412")  # it was changed in between: the next run sees it
state["exported"] = [*rows, *gone]
pull(state)
sys.exit(1 if problems else 0)
