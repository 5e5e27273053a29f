from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.finding_page_envelope import FindingPageEnvelope
from ...models.list_findings_code import ListFindingsCode
from ...models.list_findings_severity import ListFindingsSeverity
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    code: ListFindingsCode | Unset = UNSET,
    severity: ListFindingsSeverity | Unset = UNSET,
    api_key_id: str | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_none_match, Unset):
        headers["If-None-Match"] = if_none_match

    params: dict[str, Any] = {}

    json_code: str | Unset = UNSET
    if not isinstance(code, Unset):
        json_code = code.value

    params["code"] = json_code

    json_severity: str | Unset = UNSET
    if not isinstance(severity, Unset):
        json_severity = severity.value

    params["severity"] = json_severity

    params["api_key_id"] = api_key_id

    params["page"] = page

    params["page_size"] = page_size

    params["cursor"] = cursor

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/findings",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> FindingPageEnvelope | None:
    if response.status_code == 200:
        response_200 = FindingPageEnvelope.from_dict(response.json())

        return response_200

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[FindingPageEnvelope]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    code: ListFindingsCode | Unset = UNSET,
    severity: ListFindingsSeverity | Unset = UNSET,
    api_key_id: str | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[FindingPageEnvelope]:
    """List findings

     What needs the attention of an administrator, the most urgent first, and the page that leads to the
    remedy. Findings are computed at the time of the request; at most 200 with one code are listed.

    Permission: audit:read.

    Args:
        code (ListFindingsCode | Unset): The kind of a finding, the most urgent first.
        severity (ListFindingsSeverity | Unset): The urgency of a finding.
        api_key_id (str | Unset):
        page (int | Unset):
        page_size (int | Unset):
        cursor (str | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[FindingPageEnvelope]
    """

    kwargs = _get_kwargs(
        code=code,
        severity=severity,
        api_key_id=api_key_id,
        page=page,
        page_size=page_size,
        cursor=cursor,
        if_none_match=if_none_match,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    code: ListFindingsCode | Unset = UNSET,
    severity: ListFindingsSeverity | Unset = UNSET,
    api_key_id: str | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> FindingPageEnvelope | None:
    """List findings

     What needs the attention of an administrator, the most urgent first, and the page that leads to the
    remedy. Findings are computed at the time of the request; at most 200 with one code are listed.

    Permission: audit:read.

    Args:
        code (ListFindingsCode | Unset): The kind of a finding, the most urgent first.
        severity (ListFindingsSeverity | Unset): The urgency of a finding.
        api_key_id (str | Unset):
        page (int | Unset):
        page_size (int | Unset):
        cursor (str | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        FindingPageEnvelope
    """

    return sync_detailed(
        client=client,
        code=code,
        severity=severity,
        api_key_id=api_key_id,
        page=page,
        page_size=page_size,
        cursor=cursor,
        if_none_match=if_none_match,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    code: ListFindingsCode | Unset = UNSET,
    severity: ListFindingsSeverity | Unset = UNSET,
    api_key_id: str | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[FindingPageEnvelope]:
    """List findings

     What needs the attention of an administrator, the most urgent first, and the page that leads to the
    remedy. Findings are computed at the time of the request; at most 200 with one code are listed.

    Permission: audit:read.

    Args:
        code (ListFindingsCode | Unset): The kind of a finding, the most urgent first.
        severity (ListFindingsSeverity | Unset): The urgency of a finding.
        api_key_id (str | Unset):
        page (int | Unset):
        page_size (int | Unset):
        cursor (str | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[FindingPageEnvelope]
    """

    kwargs = _get_kwargs(
        code=code,
        severity=severity,
        api_key_id=api_key_id,
        page=page,
        page_size=page_size,
        cursor=cursor,
        if_none_match=if_none_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    code: ListFindingsCode | Unset = UNSET,
    severity: ListFindingsSeverity | Unset = UNSET,
    api_key_id: str | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> FindingPageEnvelope | None:
    """List findings

     What needs the attention of an administrator, the most urgent first, and the page that leads to the
    remedy. Findings are computed at the time of the request; at most 200 with one code are listed.

    Permission: audit:read.

    Args:
        code (ListFindingsCode | Unset): The kind of a finding, the most urgent first.
        severity (ListFindingsSeverity | Unset): The urgency of a finding.
        api_key_id (str | Unset):
        page (int | Unset):
        page_size (int | Unset):
        cursor (str | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        FindingPageEnvelope
    """

    return (
        await asyncio_detailed(
            client=client,
            code=code,
            severity=severity,
            api_key_id=api_key_id,
            page=page,
            page_size=page_size,
            cursor=cursor,
            if_none_match=if_none_match,
        )
    ).parsed
