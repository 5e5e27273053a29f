"""Failures of the API as exceptions."""

from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class FieldError:
    """A field that needs another value."""

    field: str
    message: str


class ApiError(Exception):
    """A response that reports a failure.

    `code` is for programs, and empty if a proxy answered in place of the API. `request_id` names the request in the
    logs of the server. `detail` is the object `error` of the response, with all its fields.
    """

    def __init__(self, status: int, detail: dict[str, Any], retry_after: float | None = None) -> None:
        self.status = status
        self.detail = detail
        self.code = str(detail.get("code", ""))
        self.message = str(detail.get("message", ""))
        self.request_id = str(detail.get("requestId", ""))
        self.retry_after = retry_after
        faults = [fault for fault in detail.get("fields") or () if isinstance(fault, dict)]
        self.fields = [FieldError(str(fault.get("field")), str(fault.get("message"))) for fault in faults]
        reasons = [self.message, *(f"{fault.field} {fault.message}" for fault in self.fields)]
        super().__init__(f"{status} {self.code}: {'; '.join(reasons)} (request {self.request_id or 'without id'})")

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.status, self.detail, self.retry_after)

    @classmethod
    def from_response(cls, response: httpx.Response, retry_after: float | None) -> "ApiError":
        detail: Any = None
        try:
            detail = response.json()["error"]
        except (ValueError, KeyError, TypeError):
            pass
        if not isinstance(detail, dict):
            request_id = response.headers.get("X-Request-Id", "")
            detail = {"code": "", "message": response.reason_phrase, "requestId": request_id}
        return cls(response.status_code, detail, retry_after)
