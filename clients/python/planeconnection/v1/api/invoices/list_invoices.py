import datetime
from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.invoice_page_envelope import InvoicePageEnvelope
from ...models.invoice_status import InvoiceStatus
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    status: InvoiceStatus | Unset = UNSET,
    client_query: str | Unset = UNSET,
    external_id: str | Unset = UNSET,
    due_from: datetime.date | Unset = UNSET,
    due_to: datetime.date | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_none_match, Unset):
        headers["If-None-Match"] = if_none_match

    params: dict[str, Any] = {}

    json_status: str | Unset = UNSET
    if not isinstance(status, Unset):
        json_status = status.value

    params["status"] = json_status

    params["client"] = client_query

    params["external_id"] = external_id

    json_due_from: str | Unset = UNSET
    if not isinstance(due_from, Unset):
        json_due_from = due_from.isoformat()
    params["due_from"] = json_due_from

    json_due_to: str | Unset = UNSET
    if not isinstance(due_to, Unset):
        json_due_to = due_to.isoformat()
    params["due_to"] = json_due_to

    params["page"] = page

    params["page_size"] = page_size

    params["cursor"] = cursor

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/ops/invoices",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> InvoicePageEnvelope | None:
    if response.status_code == 200:
        response_200 = InvoicePageEnvelope.from_dict(response.json())

        return response_200

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[InvoicePageEnvelope]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    status: InvoiceStatus | Unset = UNSET,
    client_query: str | Unset = UNSET,
    external_id: str | Unset = UNSET,
    due_from: datetime.date | Unset = UNSET,
    due_to: datetime.date | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[InvoicePageEnvelope]:
    """List invoices

     Lists the invoices that match the filters.

    Permission: invoices:read.

    Args:
        status (InvoiceStatus | Unset): The status of an invoice.
        client_query (str | Unset):
        external_id (str | Unset):
        due_from (datetime.date | Unset):
        due_to (datetime.date | Unset):
        page (int | Unset):
        page_size (int | Unset):
        cursor (str | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[InvoicePageEnvelope]
    """

    kwargs = _get_kwargs(
        status=status,
        client_query=client_query,
        external_id=external_id,
        due_from=due_from,
        due_to=due_to,
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
    status: InvoiceStatus | Unset = UNSET,
    client_query: str | Unset = UNSET,
    external_id: str | Unset = UNSET,
    due_from: datetime.date | Unset = UNSET,
    due_to: datetime.date | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> InvoicePageEnvelope | None:
    """List invoices

     Lists the invoices that match the filters.

    Permission: invoices:read.

    Args:
        status (InvoiceStatus | Unset): The status of an invoice.
        client_query (str | Unset):
        external_id (str | Unset):
        due_from (datetime.date | Unset):
        due_to (datetime.date | Unset):
        page (int | Unset):
        page_size (int | Unset):
        cursor (str | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        InvoicePageEnvelope
    """

    return sync_detailed(
        client=client,
        status=status,
        client_query=client_query,
        external_id=external_id,
        due_from=due_from,
        due_to=due_to,
        page=page,
        page_size=page_size,
        cursor=cursor,
        if_none_match=if_none_match,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    status: InvoiceStatus | Unset = UNSET,
    client_query: str | Unset = UNSET,
    external_id: str | Unset = UNSET,
    due_from: datetime.date | Unset = UNSET,
    due_to: datetime.date | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[InvoicePageEnvelope]:
    """List invoices

     Lists the invoices that match the filters.

    Permission: invoices:read.

    Args:
        status (InvoiceStatus | Unset): The status of an invoice.
        client_query (str | Unset):
        external_id (str | Unset):
        due_from (datetime.date | Unset):
        due_to (datetime.date | Unset):
        page (int | Unset):
        page_size (int | Unset):
        cursor (str | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[InvoicePageEnvelope]
    """

    kwargs = _get_kwargs(
        status=status,
        client_query=client_query,
        external_id=external_id,
        due_from=due_from,
        due_to=due_to,
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
    status: InvoiceStatus | Unset = UNSET,
    client_query: str | Unset = UNSET,
    external_id: str | Unset = UNSET,
    due_from: datetime.date | Unset = UNSET,
    due_to: datetime.date | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> InvoicePageEnvelope | None:
    """List invoices

     Lists the invoices that match the filters.

    Permission: invoices:read.

    Args:
        status (InvoiceStatus | Unset): The status of an invoice.
        client_query (str | Unset):
        external_id (str | Unset):
        due_from (datetime.date | Unset):
        due_to (datetime.date | Unset):
        page (int | Unset):
        page_size (int | Unset):
        cursor (str | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        InvoicePageEnvelope
    """

    return (
        await asyncio_detailed(
            client=client,
            status=status,
            client_query=client_query,
            external_id=external_id,
            due_from=due_from,
            due_to=due_to,
            page=page,
            page_size=page_size,
            cursor=cursor,
            if_none_match=if_none_match,
        )
    ).parsed
