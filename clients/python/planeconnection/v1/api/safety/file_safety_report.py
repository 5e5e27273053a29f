from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.create_report import CreateReport
from ...models.report_envelope import ReportEnvelope
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: CreateReport,
    idempotency_key: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/sms/reports",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ReportEnvelope | None:
    if response.status_code == 201:
        response_201 = ReportEnvelope.from_dict(response.json())

        return response_201

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ReportEnvelope]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: CreateReport,
    idempotency_key: str | Unset = UNSET,
) -> Response[ReportEnvelope]:
    """File safety report

     Files a report. `confidentiality` says whether the name of its reporter is shown.

    Permission: safety:write, or pilot or dispatcher.

    Args:
        idempotency_key (str | Unset):
        body (CreateReport): A new report. The reporter is taken from the credential.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ReportEnvelope]
    """

    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    body: CreateReport,
    idempotency_key: str | Unset = UNSET,
) -> ReportEnvelope | None:
    """File safety report

     Files a report. `confidentiality` says whether the name of its reporter is shown.

    Permission: safety:write, or pilot or dispatcher.

    Args:
        idempotency_key (str | Unset):
        body (CreateReport): A new report. The reporter is taken from the credential.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ReportEnvelope
    """

    return sync_detailed(
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: CreateReport,
    idempotency_key: str | Unset = UNSET,
) -> Response[ReportEnvelope]:
    """File safety report

     Files a report. `confidentiality` says whether the name of its reporter is shown.

    Permission: safety:write, or pilot or dispatcher.

    Args:
        idempotency_key (str | Unset):
        body (CreateReport): A new report. The reporter is taken from the credential.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ReportEnvelope]
    """

    kwargs = _get_kwargs(
        body=body,
        idempotency_key=idempotency_key,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: CreateReport,
    idempotency_key: str | Unset = UNSET,
) -> ReportEnvelope | None:
    """File safety report

     Files a report. `confidentiality` says whether the name of its reporter is shown.

    Permission: safety:write, or pilot or dispatcher.

    Args:
        idempotency_key (str | Unset):
        body (CreateReport): A new report. The reporter is taken from the credential.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ReportEnvelope
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
