"""Puts 10,000 trips, and finds each of them once: PLANECONNECTION_URL=… PLANECONNECTION_KEY=… python3 tests/sync.py

It prints a line after every 1,000 trips, and one for the first refusal by a rate limit and for the first lost connection.
A harness can set a limit and kill the server meanwhile. The key needs `trips:write`.
"""

import logging
import os
import sys
import threading
import time
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from planeconnection import Client, data, rows
from planeconnection.v1.api.trips import list_trips, put_trip_by_external_id
from planeconnection.v1.models import CreateTrip, TripType

TRIPS = int(os.environ.get("TRIPS", "10000"))
WORKERS = 8
DEPARTURE = datetime(2027, 4, 1, 10, tzinfo=UTC)


class Repetitions(logging.Handler):
    """Counts repeated requests by their reason."""

    NAMES = {"status 429": "rate limited", "no answer": "connection lost"}

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def emit(self, record: logging.LogRecord) -> None:
        name = next((name for mark, name in self.NAMES.items() if mark in record.getMessage()), "other")
        self.counts[name] += 1
        if self.counts[name] == 1:
            print(name, flush=True)


def main() -> int:
    repetitions = Repetitions()
    log = logging.getLogger("planeconnection")
    log.setLevel(logging.INFO)
    log.addHandler(repetitions)
    run = uuid.uuid4().hex[:8]
    expected = [f"{run}-{number:05}" for number in range(TRIPS)]
    done, lock = 0, threading.Lock()
    begun = time.monotonic()
    with Client(os.environ["PLANECONNECTION_URL"], os.environ["PLANECONNECTION_KEY"]) as client:

        def put(external_id: str) -> None:
            nonlocal done
            trip = CreateTrip(TripType.CHARTER, "KTEB", "KMIA", DEPARTURE)
            stored = data(put_trip_by_external_id.sync(external_id, client=client, body=trip))
            assert stored.external_id == external_id, stored
            with lock:
                done += 1
                if done % 1000 == 0:
                    print("synced", done, flush=True)

        with ThreadPoolExecutor(WORKERS) as workers:
            for _ in workers.map(put, expected):
                pass
        ids = [trip.external_id or "" for trip in rows(list_trips.sync, client=client)]
    counts = Counter(external_id for external_id in ids if external_id.startswith(run))
    missing, extra = Counter(expected) - counts, counts - Counter(expected)
    seconds = time.monotonic() - begun
    limited, lost = repetitions.counts["rate limited"], repetitions.counts["connection lost"]
    print(
        f"{counts.total()} trips in {seconds:.1f} s, repeated {limited} times after a limit and {lost} without an answer"
    )
    if missing or extra:
        print("missing:", sorted(missing)[:5], "extra:", list(extra)[:5], file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
