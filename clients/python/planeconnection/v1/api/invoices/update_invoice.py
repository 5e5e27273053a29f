from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.invoice_envelope import InvoiceEnvelope
from ...models.update_invoice import UpdateInvoice
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    body: UpdateInvoice | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_match, Unset):
        headers["If-Match"] = if_match

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/api/v1/ops/invoices/{id}".format(
            id=quote(str(id), safe=""),
        ),
    }

    if not isinstance(body, Unset):
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> InvoiceEnvelope | None:
    if response.status_code == 200:
        response_200 = InvoiceEnvelope.from_dict(response.json())

        return response_200

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[InvoiceEnvelope]:
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
    body: UpdateInvoice | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> Response[InvoiceEnvelope]:
    """Update invoice

     Changes a draft. A field that is left out stays, and `null` removes an optional value. An invoice
    that was sent cannot be edited.

    Permission: invoices:write.

    Args:
        id (str):
        if_match (str | Unset):
        body (UpdateInvoice | Unset): Changes to a draft; a field that is left out stays.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[InvoiceEnvelope]
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
    body: UpdateInvoice | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> InvoiceEnvelope | None:
    """Update invoice

     Changes a draft. A field that is left out stays, and `null` removes an optional value. An invoice
    that was sent cannot be edited.

    Permission: invoices:write.

    Args:
        id (str):
        if_match (str | Unset):
        body (UpdateInvoice | Unset): Changes to a draft; a field that is left out stays.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        InvoiceEnvelope
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
    body: UpdateInvoice | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> Response[InvoiceEnvelope]:
    """Update invoice

     Changes a draft. A field that is left out stays, and `null` removes an optional value. An invoice
    that was sent cannot be edited.

    Permission: invoices:write.

    Args:
        id (str):
        if_match (str | Unset):
        body (UpdateInvoice | Unset): Changes to a draft; a field that is left out stays.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[InvoiceEnvelope]
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
    body: UpdateInvoice | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> InvoiceEnvelope | None:
    """Update invoice

     Changes a draft. A field that is left out stays, and `null` removes an optional value. An invoice
    that was sent cannot be edited.

    Permission: invoices:write.

    Args:
        id (str):
        if_match (str | Unset):
        body (UpdateInvoice | Unset): Changes to a draft; a field that is left out stays.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        InvoiceEnvelope
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
            if_match=if_match,
        )
    ).parsed
