"""Follows changes with a stop in between, and finds each of them once.

PLANECONNECTION_URL=… PLANECONNECTION_KEY=… python3 tests/changes.py, with a key with `trips:write` and `invoices:write`
"""

import os
import threading
import time
import uuid
from datetime import UTC, date, datetime

from planeconnection import Client, changed_object, changes, data
from planeconnection.v1.api.changes import follow_changes
from planeconnection.v1.api.invoices import create_invoice
from planeconnection.v1.api.trips import create_trip, update_trip
from planeconnection.v1.models import (
    Change,
    ChangeKind,
    CreateInvoice,
    CreateTrip,
    NewInvoiceClient,
    NewLineItem,
    Trip,
    TripType,
    UpdateTrip,
)

DEPARTURE = datetime(2027, 4, 1, 10, tzinfo=UTC)
RUN = uuid.uuid4().hex[:8]


def connect() -> Client:
    return Client(os.environ["PLANECONNECTION_URL"], os.environ["PLANECONNECTION_KEY"])


def create(client: Client, number: int) -> str:
    trip = CreateTrip(TripType.CHARTER, "KTEB", "KMIA", DEPARTURE, external_id=f"{RUN}-{number}")
    return data(create_trip.sync(client=client, body=trip)).id


def create_unrelated(client: Client) -> None:
    line = NewLineItem(description="Hangar", quantity="1", unit_price=100)
    billed = NewInvoiceClient(name="Northwind Capital", email="billing@northwind.example")
    body = CreateInvoice(client=billed, currency="USD", line_items=[line], due_date=date(2030, 1, 15))
    data(create_invoice.sync(client=client, body=body))


def main() -> None:
    with connect() as client:
        stored = data(follow_changes.sync(client=client)).latest
        ids = [create(client, number) for number in range(350)]
        create_unrelated(client)
        data(update_trip.sync(ids[0], client=client, body=UpdateTrip(notes="Two dogs on board")))
        expected = [(ChangeKind.CREATED, trip) for trip in ids] + [(ChangeKind.UPDATED, ids[0])]
        seen: list[Change] = []
        part = next(changes(client, stored, modules=["trips"]))
        seen += part.items
        stored = part.next_
        assert part.has_more and len(seen) < len(expected), "there is nothing left to read after the stop"

    # Another process goes on from the number that was stored, while trips are created.
    with connect() as client:
        later: list[str] = []
        writer = threading.Thread(target=lambda: later.extend(create(client, 1000 + number) for number in range(50)))
        writer.start()
        while writer.is_alive() or len(seen) < len(expected) + 50:
            for part in changes(client, stored, modules=["trips"]):
                seen += part.items
                stored = part.next_
        expected += [(ChangeKind.CREATED, trip) for trip in later]
        assert [(change.change, change.id) for change in seen] == expected, "a change is missing or comes twice"
        sequences = [change.sequence for change in seen]
        assert sequences == sorted(set(sequences)), "the numbers do not rise"
        trip = changed_object(seen[-1])
        assert isinstance(trip, Trip) and trip.external_id == f"{RUN}-1049", trip

        # Nothing more, and then one more while the feed waits.
        assert [part for part in changes(client, stored, modules=["trips"]) if part.items] == []
        timer = threading.Timer(1.0, create, (client, 2000))
        begun = time.monotonic()
        timer.start()
        part = next(part for part in changes(client, stored, modules=["trips"], wait=30) if part.items)
        waited = time.monotonic() - begun
        assert len(part.items) == 1 and part.next_ > stored and 1.0 <= waited < 20.0, (waited, part)
    print(f"{len(seen) + 1} changes, each once, the last after {waited:.1f} s of waiting")


if __name__ == "__main__":
    main()
