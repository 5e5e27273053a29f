from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.create_trip import CreateTrip
from ...models.trip_envelope import TripEnvelope
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: CreateTrip,
    idempotency_key: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/ops/trips",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> TripEnvelope | None:
    if response.status_code == 201:
        response_201 = TripEnvelope.from_dict(response.json())

        return response_201

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[TripEnvelope]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: CreateTrip,
    idempotency_key: str | Unset = UNSET,
) -> Response[TripEnvelope]:
    """Create trip

     Creates a trip. If your own software has an id for it, put the trip by external id instead: that can
    be repeated as it is.

    Permission: trips:write.

    Args:
        idempotency_key (str | Unset):
        body (CreateTrip): All fields of a trip: a new one, or the replacement of the trip with
            this external id.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[TripEnvelope]
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
    body: CreateTrip,
    idempotency_key: str | Unset = UNSET,
) -> TripEnvelope | None:
    """Create trip

     Creates a trip. If your own software has an id for it, put the trip by external id instead: that can
    be repeated as it is.

    Permission: trips:write.

    Args:
        idempotency_key (str | Unset):
        body (CreateTrip): All fields of a trip: a new one, or the replacement of the trip with
            this external id.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        TripEnvelope
    """

    return sync_detailed(
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: CreateTrip,
    idempotency_key: str | Unset = UNSET,
) -> Response[TripEnvelope]:
    """Create trip

     Creates a trip. If your own software has an id for it, put the trip by external id instead: that can
    be repeated as it is.

    Permission: trips:write.

    Args:
        idempotency_key (str | Unset):
        body (CreateTrip): All fields of a trip: a new one, or the replacement of the trip with
            this external id.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[TripEnvelope]
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
    body: CreateTrip,
    idempotency_key: str | Unset = UNSET,
) -> TripEnvelope | None:
    """Create trip

     Creates a trip. If your own software has an id for it, put the trip by external id instead: that can
    be repeated as it is.

    Permission: trips:write.

    Args:
        idempotency_key (str | Unset):
        body (CreateTrip): All fields of a trip: a new one, or the replacement of the trip with
            this external id.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        TripEnvelope
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
