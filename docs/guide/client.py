"""A client of the PlaneConnection API, with what Python brings along."""

import http.client
import json
import os
import time
import urllib.error
import urllib.request
import uuid
from urllib.parse import urlencode

URL = os.environ["PLANECONNECTION_URL"] + "/api/v1"
KEY = os.environ["PLANECONNECTION_KEY"]
ATTEMPTS = 6
LONGEST_PAUSE = 60


class Refused(Exception):
    """The API refused a request. `error` has the code, the message and the request id."""

    def __init__(self, status, error):
        super().__init__(f"{status} {error['code']}: {error['message']}")
        self.status = status
        self.error = error


def call(method, path, body=None, headers={}):
    """Sends a request, and repeats it where that helps. Returns the status and the data of the answer."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"X-API-Key": KEY, "Content-Type": "application/json", **headers}
    if method == "POST":
        # Every attempt has the same key, so that nothing is created twice. A call that takes none ignores it.
        headers.setdefault("Idempotency-Key", str(uuid.uuid4()))
    for attempt in range(1, ATTEMPTS + 1):
        pause = 2**attempt
        request = urllib.request.Request(URL + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return response.status, json.load(response)["data"]
        except urllib.error.HTTPError as refused:
            seconds = refused.headers.get("Retry-After", "")
            if seconds.isdecimal():
                pause = int(seconds)
            is_final = attempt == ATTEMPTS or pause > LONGEST_PAUSE
            if is_final or refused.code not in (408, 429, 500, 502, 503, 504, 507):
                raise Refused(refused.code, failure(refused)) from None
        except (OSError, http.client.HTTPException):
            if attempt == ATTEMPTS:
                raise
        time.sleep(pause)


def failure(refused):
    """Returns the error of a response. A proxy in between may answer without one."""
    try:
        return json.load(refused)["error"]
    except (ValueError, KeyError, TypeError, OSError, http.client.HTTPException):
        return {"code": "NO_ANSWER", "message": refused.reason, "requestId": ""}


def walk(path, **filters):
    """Returns the rows of a list. Each one that exists throughout is returned exactly once."""
    cursor = {}
    while True:
        _, page = call("GET", f"{path}?{urlencode({'page_size': 100, **filters, **cursor})}")
        yield from page["items"]
        if page["next_cursor"] is None:
            return
        cursor = {"cursor": page["next_cursor"]}
