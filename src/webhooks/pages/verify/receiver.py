import base64, hashlib, hmac, time


def verify(secret: str, headers, body: bytes) -> None:
    """Raises ValueError unless the request comes from PlaneConnection. `body` has the bytes as they arrived."""
    key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    event, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(timestamp)) > 300:
        raise ValueError("the request is too old")
    signed = f"{event}.{timestamp}.".encode() + body
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    # During a rotation there are two signatures.
    given = headers["webhook-signature"].encode().split()
    if not any(hmac.compare_digest(b"v1," + expected, signature) for signature in given):
        raise ValueError("no signature fits")
