from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.report_envelope import ReportEnvelope
from ...models.update_report import UpdateReport
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    body: UpdateReport | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_match, Unset):
        headers["If-Match"] = if_match

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/api/v1/sms/reports/{id}".format(
            id=quote(str(id), safe=""),
        ),
    }

    if not isinstance(body, Unset):
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ReportEnvelope | None:
    if response.status_code == 200:
        response_200 = ReportEnvelope.from_dict(response.json())

        return response_200

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
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: UpdateReport | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> Response[ReportEnvelope]:
    """Update safety report

     Changes a report: its status, its severity, the member who is to investigate, or its text. A field
    that is left out stays.

    Permission: safety:write.

    Args:
        id (str):
        if_match (str | Unset):
        body (UpdateReport | Unset): Changes to a report; a field that is left out stays.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ReportEnvelope]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
        if_match=if_match,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: UpdateReport | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> ReportEnvelope | None:
    """Update safety report

     Changes a report: its status, its severity, the member who is to investigate, or its text. A field
    that is left out stays.

    Permission: safety:write.

    Args:
        id (str):
        if_match (str | Unset):
        body (UpdateReport | Unset): Changes to a report; a field that is left out stays.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ReportEnvelope
    """

    return sync_detailed(
        id=id,
        client=client,
        body=body,
        if_match=if_match,
    ).parsed


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: UpdateReport | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> Response[ReportEnvelope]:
    """Update safety report

     Changes a report: its status, its severity, the member who is to investigate, or its text. A field
    that is left out stays.

    Permission: safety:write.

    Args:
        id (str):
        if_match (str | Unset):
        body (UpdateReport | Unset): Changes to a report; a field that is left out stays.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ReportEnvelope]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
        if_match=if_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: UpdateReport | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> ReportEnvelope | None:
    """Update safety report

     Changes a report: its status, its severity, the member who is to investigate, or its text. A field
    that is left out stays.

    Permission: safety:write.

    Args:
        id (str):
        if_match (str | Unset):
        body (UpdateReport | Unset): Changes to a report; a field that is left out stays.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ReportEnvelope
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
            if_match=if_match,
        )
    ).parsed
