from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.invoice_envelope import InvoiceEnvelope
from ...models.void_invoice import VoidInvoice
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    body: VoidInvoice | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/ops/invoices/{id}/void".format(
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
    body: VoidInvoice | Unset = UNSET,
) -> Response[InvoiceEnvelope]:
    """Void invoice

     Voids an invoice without payments. This is final. A second call changes nothing.

    Permission: invoices:write.

    Args:
        id (str):
        body (VoidInvoice | Unset): The input for voiding an invoice.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[InvoiceEnvelope]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: VoidInvoice | Unset = UNSET,
) -> InvoiceEnvelope | None:
    """Void invoice

     Voids an invoice without payments. This is final. A second call changes nothing.

    Permission: invoices:write.

    Args:
        id (str):
        body (VoidInvoice | Unset): The input for voiding an invoice.

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
    ).parsed


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: VoidInvoice | Unset = UNSET,
) -> Response[InvoiceEnvelope]:
    """Void invoice

     Voids an invoice without payments. This is final. A second call changes nothing.

    Permission: invoices:write.

    Args:
        id (str):
        body (VoidInvoice | Unset): The input for voiding an invoice.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[InvoiceEnvelope]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: VoidInvoice | Unset = UNSET,
) -> InvoiceEnvelope | None:
    """Void invoice

     Voids an invoice without payments. This is final. A second call changes nothing.

    Permission: invoices:write.

    Args:
        id (str):
        body (VoidInvoice | Unset): The input for voiding an invoice.

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
        )
    ).parsed
