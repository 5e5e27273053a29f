"""The connection to a server: its address, the key, and repeated attempts."""

import asyncio
import ipaddress
import re
import ssl
import time
import uuid
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from ._errors import ApiError
from ._retry import Attempts, Retry, retry_after
from .v1.idempotent import IDEMPOTENT

USER_AGENT = "planeconnection-python/0.1.0"
IDEMPOTENCY_KEY = "Idempotency-Key"

# The calls that take an Idempotency-Key. A parameter stands for one segment of a path.
_IDEMPOTENT = re.compile("|".join(re.sub(r"\\\{[^/]*\\\}", "[^/]+", re.escape(path)) for path in IDEMPOTENT))


class _KeyAuth(httpx.Auth):
    """Adds the key to each request. It is in no default header, where a representation would show it."""

    def __init__(self, key: str) -> None:
        self._authorization = f"Bearer {key}"

    def auth_flow(self, request: httpx.Request) -> Any:
        request.headers["Authorization"] = self._authorization
        yield request


class Client:
    """A client with an API key, for several threads at once.

    `url` is the address of the server, without `/api/v1`. Only a server on this machine may have `http://`.
    `timeout` is the number of seconds that an attempt waits for the server, and `retry` says when another follows.
    `verify` and `transport` are those of httpx, for authorities or networks of your own.
    """

    # Read by generated calls. Failures are raised here, before they see them.
    raise_on_unexpected_status = False

    def __init__(
        self,
        url: str,
        key: str,
        *,
        timeout: float = 60.0,
        retry: Retry = Retry(),
        verify: ssl.SSLContext | bool = True,
        transport: httpx.BaseTransport | None = None,
        async_transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = _checked_url(url)
        self._auth = _KeyAuth(_checked_key(key))
        self._retry = retry
        self._timeout = timeout
        self._verify = verify
        self._async_transport = async_transport
        self._async_sender: _AsyncSender | None = None
        self._sender = _Sender(
            retry,
            httpx.Client(transport=transport, **self._settings()),
        )

    def _settings(self) -> dict[str, Any]:
        return {
            "base_url": self._url,
            "auth": self._auth,
            "headers": {"User-Agent": USER_AGENT},
            "timeout": self._timeout,
            "verify": self._verify,
            "follow_redirects": False,
        }

    def __repr__(self) -> str:
        return f"Client({self._url!r})"

    def get_httpx_client(self) -> "_Sender":
        """Returns the sender of generated calls."""
        return self._sender

    def get_async_httpx_client(self) -> "_AsyncSender":
        """Returns the sender of generated calls for asyncio. It stays in the event loop of its first request."""
        if self._async_sender is None:
            http = httpx.AsyncClient(transport=self._async_transport, **self._settings())
            self._async_sender = _AsyncSender(self._retry, http)
        return self._async_sender

    def close(self) -> None:
        """Closes the connections of calls without asyncio."""
        self._sender.http.close()

    async def aclose(self) -> None:
        """Closes all connections."""
        self.close()
        if self._async_sender is not None:
            await self._async_sender.http.aclose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self.aclose()


class _Sender:
    """Sends requests, and repeats them. Raises ApiError for a failure, and an error of httpx if there is no answer."""

    def __init__(self, retry: Retry, http: httpx.Client) -> None:
        self._retry = retry
        self.http = http

    def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        attempts = _prepare(self._retry, method, url, options)
        while True:
            try:
                response = self.http.request(method, url, **options)
            except httpx.RequestError as error:
                pause = attempts.pause_after_error(error)
                if pause is None:
                    raise
            else:
                if _is_success(response):
                    return response
                pause = attempts.pause_after_response(response)
                if pause is None:
                    raise ApiError.from_response(response, retry_after(response))
            time.sleep(pause)


class _AsyncSender:
    """The counterpart of `_Sender` for asyncio."""

    def __init__(self, retry: Retry, http: httpx.AsyncClient) -> None:
        self._retry = retry
        self.http = http

    async def request(self, method: str, url: str, **options: Any) -> httpx.Response:
        attempts = _prepare(self._retry, method, url, options)
        while True:
            try:
                response = await self.http.request(method, url, **options)
            except httpx.RequestError as error:
                pause = attempts.pause_after_error(error)
                if pause is None:
                    raise
            else:
                if _is_success(response):
                    return response
                pause = attempts.pause_after_response(response)
                if pause is None:
                    raise ApiError.from_response(response, retry_after(response))
            await asyncio.sleep(pause)


def _prepare(retry: Retry, method: str, url: str, options: dict[str, Any]) -> Attempts:
    """Adds an Idempotency-Key if the call takes one. All attempts have the same."""
    # In place of a parameter, each of these would make it the path of another call.
    if any(segment in ("", ".", "..") for segment in url.split("/")[1:]):
        raise ValueError(f'a parameter of {url} is empty, "." or ".."')
    given: Mapping[str, str] = options.get("headers") or {}
    headers = httpx.Headers(given)
    if method.upper() == "POST" and _IDEMPOTENT.fullmatch(url):
        headers.setdefault(IDEMPOTENCY_KEY, str(uuid.uuid4()))
    options["headers"] = headers
    return Attempts(retry, method.upper(), url, has_idempotency_key=IDEMPOTENCY_KEY in headers)


def _is_success(response: httpx.Response) -> bool:
    return response.is_success or response.status_code == httpx.codes.NOT_MODIFIED


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("the URL of the server begins with https://")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("the URL of the server has no user, query or fragment")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        raise ValueError(f"http:// would send the key to {parts.hostname} in the clear: use https://")
    return url.rstrip("/")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _checked_key(key: str) -> str:
    # The message does not repeat the key, since messages end up in logs.
    if not re.fullmatch(r"[\x21-\x7e]+", key):
        raise ValueError("the key is empty, or has blanks or characters that no key has")
    return key
