from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.aircraft_batch_result_envelope import AircraftBatchResultEnvelope
from ...models.upsert_aircraft_batch import UpsertAircraftBatch
from ...types import Response


def _get_kwargs(
    *,
    body: UpsertAircraftBatch,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/ops/aircraft/batch",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> AircraftBatchResultEnvelope | None:
    if response.status_code == 200:
        response_200 = AircraftBatchResultEnvelope.from_dict(response.json())

        return response_200

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[AircraftBatchResultEnvelope]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: UpsertAircraftBatch,
) -> Response[AircraftBatchResultEnvelope]:
    """Upsert aircraft

     Creates or changes up to 500 aircraft, each by its tail number. Of an aircraft that exists, a field
    that is left out stays. Items are applied in their order. An item that fails does not keep the
    others from being stored, unless the batch is atomic. The response is 200 even if all items failed:
    look at `failed`. It is safe to send a batch again.

    Permission: fleet:write.

    Args:
        body (UpsertAircraftBatch):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AircraftBatchResultEnvelope]
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
    body: UpsertAircraftBatch,
) -> AircraftBatchResultEnvelope | None:
    """Upsert aircraft

     Creates or changes up to 500 aircraft, each by its tail number. Of an aircraft that exists, a field
    that is left out stays. Items are applied in their order. An item that fails does not keep the
    others from being stored, unless the batch is atomic. The response is 200 even if all items failed:
    look at `failed`. It is safe to send a batch again.

    Permission: fleet:write.

    Args:
        body (UpsertAircraftBatch):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AircraftBatchResultEnvelope
    """

    return sync_detailed(
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: UpsertAircraftBatch,
) -> Response[AircraftBatchResultEnvelope]:
    """Upsert aircraft

     Creates or changes up to 500 aircraft, each by its tail number. Of an aircraft that exists, a field
    that is left out stays. Items are applied in their order. An item that fails does not keep the
    others from being stored, unless the batch is atomic. The response is 200 even if all items failed:
    look at `failed`. It is safe to send a batch again.

    Permission: fleet:write.

    Args:
        body (UpsertAircraftBatch):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AircraftBatchResultEnvelope]
    """

    kwargs = _get_kwargs(
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    body: UpsertAircraftBatch,
) -> AircraftBatchResultEnvelope | None:
    """Upsert aircraft

     Creates or changes up to 500 aircraft, each by its tail number. Of an aircraft that exists, a field
    that is left out stays. Items are applied in their order. An item that fails does not keep the
    others from being stored, unless the batch is atomic. The response is 200 even if all items failed:
    look at `failed`. It is safe to send a batch again.

    Permission: fleet:write.

    Args:
        body (UpsertAircraftBatch):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AircraftBatchResultEnvelope
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
        )
    ).parsed
