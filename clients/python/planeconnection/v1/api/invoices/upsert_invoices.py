from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.invoice_batch_result_envelope import InvoiceBatchResultEnvelope
from ...models.upsert_invoice_batch import UpsertInvoiceBatch
from ...types import Response


def _get_kwargs(
    *,
    body: UpsertInvoiceBatch,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/ops/invoices/batch",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> InvoiceBatchResultEnvelope | None:
    if response.status_code == 200:
        response_200 = InvoiceBatchResultEnvelope.from_dict(response.json())

        return response_200

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[InvoiceBatchResultEnvelope]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: UpsertInvoiceBatch,
) -> Response[InvoiceBatchResultEnvelope]:
    """Upsert invoices

     Creates up to 500 invoices as drafts, each by its external id, or changes those that are drafts: a
    field that is left out stays. An invoice that was sent, paid or voided stays as it is: an item that
    differs from it fails. Items are applied in their order. An item that fails does not keep the others
    from being stored, unless the batch is atomic. The response is 200 even if all items failed: look at
    `failed`. It is safe to send a batch again.

    Permission: invoices:write.

    Args:
        body (UpsertInvoiceBatch):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[InvoiceBatchResultEnvelope]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    body: UpsertInvoiceBatch,
) -> InvoiceBatchResultEnvelope | None:
    """Upsert invoices

     Creates up to 500 invoices as drafts, each by its external id, or changes those that are drafts: a
    field that is left out stays. An invoice that was sent, paid or voided stays as it is: an item that
    differs from it fails. Items are applied in their order. An item that fails does not keep the others
    from being stored, unless the batch is atomic. The response is 200 even if all items failed: look at
    `failed`. It is safe to send a batch again.

    Permission: invoices:write.

    Args:
        body (UpsertInvoiceBatch):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        InvoiceBatchResultEnvelope
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: UpsertInvoiceBatch,
) -> Response[InvoiceBatchResultEnvelope]:
    """Upsert invoices

     Creates up to 500 invoices as drafts, each by its external id, or changes those that are drafts: a
    field that is left out stays. An invoice that was sent, paid or voided stays as it is: an item that
    differs from it fails. Items are applied in their order. An item that fails does not keep the others
    from being stored, unless the batch is atomic. The response is 200 even if all items failed: look at
    `failed`. It is safe to send a batch again.

    Permission: invoices:write.

    Args:
        body (UpsertInvoiceBatch):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[InvoiceBatchResultEnvelope]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: UpsertInvoiceBatch,
) -> InvoiceBatchResultEnvelope | None:
    """Upsert invoices

     Creates up to 500 invoices as drafts, each by its external id, or changes those that are drafts: a
    field that is left out stays. An invoice that was sent, paid or voided stays as it is: an item that
    differs from it fails. Items are applied in their order. An item that fails does not keep the others
    from being stored, unless the batch is atomic. The response is 200 even if all items failed: look at
    `failed`. It is safe to send a batch again.

    Permission: invoices:write.

    Args:
        body (UpsertInvoiceBatch):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        InvoiceBatchResultEnvelope
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
