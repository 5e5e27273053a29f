"""Signatures of webhooks, as Standard Webhooks has them."""

import base64
import binascii
import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterable, Mapping
from typing import Any

TOLERANCE = 300.0
SHORTEST_KEY = 24


class WebhookVerificationError(ValueError):
    """A request that does not come from the server, or not now: answer it with 401."""


def verify_webhook(
    headers: Mapping[str, str], body: bytes, secrets: str | Iterable[str], *, now: float | None = None
) -> dict[str, Any]:
    """Returns the event of a request, or raises WebhookVerificationError.

    `body` is the body as it arrived, before any parsing. `secrets` is the signing secret, or during a rotation the new
    one and the old one. The time of the request may be five minutes from `now`, which is the clock's if left out.
    """
    keys = [_key(secret) for secret in ([secrets] if isinstance(secrets, str) else secrets)]
    if not keys:
        raise ValueError("verify_webhook needs a secret")
    names = {name.lower(): value for name, value in headers.items()}
    event_id = names.get("webhook-id", "")
    timestamp = names.get("webhook-timestamp", "")
    if not event_id or not re.fullmatch(r"[0-9]{1,12}", timestamp):
        raise WebhookVerificationError("the headers of a webhook are missing")
    if abs((time.time() if now is None else now) - int(timestamp)) > TOLERANCE:
        raise WebhookVerificationError("the time of the request is too far away")
    signed = f"{event_id}.{timestamp}.".encode() + body
    expected = [b"v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)) for key in keys]
    given = names.get("webhook-signature", "").encode().split()
    # Every pair is compared, so that the time says nothing about which one fits.
    fits = [hmac.compare_digest(one, other) for one in expected for other in given]
    if not any(fits):
        raise WebhookVerificationError("no signature fits")
    try:
        event = json.loads(body)
    except ValueError:
        event = None
    if not isinstance(event, dict):
        raise WebhookVerificationError("the body is not an event")
    return event


def _key(secret: str) -> bytes:
    """Returns the key of a secret: base64 after `whsec_`, else its text."""
    key = secret.encode()
    if secret.startswith("whsec_"):
        try:
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
        except binascii.Error:
            raise ValueError("a secret has base64 after whsec_") from None
    if len(key) < SHORTEST_KEY:
        raise ValueError(f"a secret has at least {SHORTEST_KEY} bytes")
    return key
