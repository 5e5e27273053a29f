from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.create_invoice import CreateInvoice
from ...models.invoice_envelope import InvoiceEnvelope
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: CreateInvoice,
    idempotency_key: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/ops/invoices",
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
    *,
    client: AuthenticatedClient | Client,
    body: CreateInvoice,
    idempotency_key: str | Unset = UNSET,
) -> Response[InvoiceEnvelope]:
    """Create invoice

     Creates an invoice as a draft. If another invoice has the `externalId`, the answer is 409 and names
    it in `error.invoiceId`, so that nothing is billed twice.

    Permission: invoices:write.

    Args:
        idempotency_key (str | Unset):
        body (CreateInvoice): A new invoice. It begins as a draft.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[InvoiceEnvelope]
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
    body: CreateInvoice,
    idempotency_key: str | Unset = UNSET,
) -> InvoiceEnvelope | None:
    """Create invoice

     Creates an invoice as a draft. If another invoice has the `externalId`, the answer is 409 and names
    it in `error.invoiceId`, so that nothing is billed twice.

    Permission: invoices:write.

    Args:
        idempotency_key (str | Unset):
        body (CreateInvoice): A new invoice. It begins as a draft.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        InvoiceEnvelope
    """

    return sync_detailed(
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: CreateInvoice,
    idempotency_key: str | Unset = UNSET,
) -> Response[InvoiceEnvelope]:
    """Create invoice

     Creates an invoice as a draft. If another invoice has the `externalId`, the answer is 409 and names
    it in `error.invoiceId`, so that nothing is billed twice.

    Permission: invoices:write.

    Args:
        idempotency_key (str | Unset):
        body (CreateInvoice): A new invoice. It begins as a draft.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[InvoiceEnvelope]
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
    body: CreateInvoice,
    idempotency_key: str | Unset = UNSET,
) -> InvoiceEnvelope | None:
    """Create invoice

     Creates an invoice as a draft. If another invoice has the `externalId`, the answer is 409 and names
    it in `error.invoiceId`, so that nothing is billed twice.

    Permission: invoices:write.

    Args:
        idempotency_key (str | Unset):
        body (CreateInvoice): A new invoice. It begins as a draft.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        InvoiceEnvelope
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
