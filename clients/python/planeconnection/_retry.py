"""The rules by which a request is repeated."""

import email.utils
import logging
import random
import time
from dataclasses import dataclass

import httpx

log = logging.getLogger("planeconnection")

# These can be repeated as they are. A POST can be if the server knows it again by its Idempotency-Key.
REPEATABLE_METHODS = frozenset({"GET", "PUT", "PATCH", "DELETE"})
REPEATABLE_STATUSES = frozenset({408, 429, 500, 502, 503, 504, 507})


@dataclass(frozen=True)
class Retry:
    """Limits for repeating a request, in seconds. No attempt begins later than `total` after the first one."""

    total: float = 60.0
    first_pause: float = 0.5
    longest_pause: float = 20.0


class Attempts:
    """The attempts of one request."""

    def __init__(self, retry: Retry, method: str, path: str, *, has_idempotency_key: bool) -> None:
        self._retry = retry
        self._name = f"{method} {path}"
        self._count = 0
        self._deadline = time.monotonic() + retry.total
        self._is_repeatable = method in REPEATABLE_METHODS or (method == "POST" and has_idempotency_key)

    def pause_after_error(self, error: httpx.RequestError) -> float | None:
        """Returns the seconds until the next attempt, or None if there is none."""
        is_fault_of_network = isinstance(
            error, (httpx.NetworkError, httpx.TimeoutException, httpx.RemoteProtocolError, httpx.ProxyError)
        )
        return self._pause(f"no answer ({type(error).__name__})", 0.0) if is_fault_of_network else None

    def pause_after_response(self, response: httpx.Response) -> float | None:
        """Returns the seconds until the next attempt, or None if there is none."""
        if response.status_code not in REPEATABLE_STATUSES:
            return None
        return self._pause(f"status {response.status_code}", retry_after(response) or 0.0)

    def _pause(self, reason: str, at_least: float) -> float | None:
        self._count += 1
        longest = min(self._retry.first_pause * 2.0 ** min(self._count - 1, 32), self._retry.longest_pause)
        # Clients that were refused together come back at different times.
        pause = at_least + longest * random.uniform(0.5, 1.0)
        if not self._is_repeatable or time.monotonic() + pause > self._deadline:
            return None
        log.info("%s: %s, attempt %d follows in %.1f s", self._name, reason, self._count + 1, pause)
        return pause


def retry_after(response: httpx.Response) -> float | None:
    """Returns the seconds that the server asks to wait. A proxy may send a date in their place."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdecimal():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None
