from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.invoice_envelope import InvoiceEnvelope
from ...models.pay_invoice import PayInvoice
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    body: PayInvoice,
    idempotency_key: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/ops/invoices/{id}/payments".format(
            id=quote(str(id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> InvoiceEnvelope | None:
    if response.status_code == 201:
        response_201 = InvoiceEnvelope.from_dict(response.json())

        return response_201

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
    body: PayInvoice,
    idempotency_key: str | Unset = UNSET,
) -> Response[InvoiceEnvelope]:
    """Record payment

     Records a payment that was received, and returns the invoice. It is paid when nothing is left to
    pay.

    Permission: invoices:write.

    Args:
        id (str):
        idempotency_key (str | Unset):
        body (PayInvoice): A payment that was received.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[InvoiceEnvelope]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
        idempotency_key=idempotency_key,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: PayInvoice,
    idempotency_key: str | Unset = UNSET,
) -> InvoiceEnvelope | None:
    """Record payment

     Records a payment that was received, and returns the invoice. It is paid when nothing is left to
    pay.

    Permission: invoices:write.

    Args:
        id (str):
        idempotency_key (str | Unset):
        body (PayInvoice): A payment that was received.

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
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: PayInvoice,
    idempotency_key: str | Unset = UNSET,
) -> Response[InvoiceEnvelope]:
    """Record payment

     Records a payment that was received, and returns the invoice. It is paid when nothing is left to
    pay.

    Permission: invoices:write.

    Args:
        id (str):
        idempotency_key (str | Unset):
        body (PayInvoice): A payment that was received.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[InvoiceEnvelope]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
        idempotency_key=idempotency_key,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: PayInvoice,
    idempotency_key: str | Unset = UNSET,
) -> InvoiceEnvelope | None:
    """Record payment

     Records a payment that was received, and returns the invoice. It is paid when nothing is left to
    pay.

    Permission: invoices:write.

    Args:
        id (str):
        idempotency_key (str | Unset):
        body (PayInvoice): A payment that was received.

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
            idempotency_key=idempotency_key,
        )
    ).parsed
