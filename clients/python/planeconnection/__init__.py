"""A client of the PlaneConnection API.

`planeconnection.v1` has the calls and models. It is made from the OpenAPI document by `cargo xtask clients`.
"""

from ._client import Client
from ._errors import ApiError, FieldError
from ._lists import changed_object, changes, data, rows
from ._retry import Retry
from ._webhooks import WebhookVerificationError, verify_webhook

__all__ = [
    "ApiError",
    "Client",
    "FieldError",
    "Retry",
    "WebhookVerificationError",
    "changed_object",
    "changes",
    "data",
    "rows",
    "verify_webhook",
]
