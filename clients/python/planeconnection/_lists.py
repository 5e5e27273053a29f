"""Data out of responses: rows of a whole list, and changes."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, ParamSpec, Protocol, TypeVar

from ._client import Client
from .v1.api.changes import follow_changes
from .v1.models import Aircraft, Change, Changes, Invoice, Report, Trip
from .v1.types import UNSET

Data = TypeVar("Data", covariant=True)
Row = TypeVar("Row", covariant=True)
P = ParamSpec("P")

LARGEST_PAGE = 100


class Envelope(Protocol[Data]):
    """A successful response."""

    @property
    def data(self) -> Data: ...


class Page(Protocol[Row]):
    """A part of a list."""

    @property
    def items(self) -> Sequence[Row]: ...
    @property
    def next_cursor(self) -> str | None: ...


def data(response: Envelope[Data] | None) -> Data:
    """Returns the data of a response. There are none if it was asked for with `if_none_match` and nothing changed."""
    if response is None:
        raise ValueError("the response has no data")
    return response.data


def rows(call: Callable[P, Envelope[Page[Row]] | None], *args: P.args, **kwargs: P.kwargs) -> Iterator[Row]:
    """Returns the rows of a whole list: `rows(list_trips.sync, client=client, status=TripStatus.DRAFT)`.

    Each row that exists all the time is returned exactly once, whatever changes meanwhile.
    """
    options: dict[str, Any] = {"page_size": LARGEST_PAGE, **kwargs}
    send: Callable[..., Envelope[Page[Row]] | None] = call
    while True:
        page = data(send(*args, **options))
        yield from page.items
        if page.next_cursor is None:
            return
        options["cursor"] = page.next_cursor


def changes(client: Client, after: int = 0, *, modules: str | Sequence[str] = (), wait: int = 0) -> Iterator[Changes]:
    """Returns what changed after a number, in order and in parts.

    Store the changes of a part and its `next_` together, and give the number as `after` the next time: nothing is
    missed, and nothing comes twice. Without `wait` the iterator ends when there are no more changes. With `wait`, of up
    to 30 seconds, it goes on and returns each change as it happens. A change `reset` says that all data of the sandbox
    are gone.
    """
    module = (modules if isinstance(modules, str) else ",".join(modules)) or UNSET
    while True:
        part = data(follow_changes.sync(client=client, after=after, module=module, wait=wait))
        # Its number may have moved past changes of other modules.
        if part.items or part.next_ != after:
            yield part
        after = part.next_
        if not wait and not part.has_more:
            return


def changed_object(change: Change) -> Trip | Aircraft | Report | Invoice | dict[str, Any] | None:
    """Returns the object of a change as it is now, or None if it is gone. One of an unknown module is a dictionary."""
    if change.object_ is None:
        return None
    fields = change.object_.to_dict()
    match change.module:
        case "trips":
            return Trip.from_dict(fields)
        case "fleet":
            return Aircraft.from_dict(fields)
        case "safety":
            return Report.from_dict(fields)
        case "invoices":
            return Invoice.from_dict(fields)
        case _:
            return fields
