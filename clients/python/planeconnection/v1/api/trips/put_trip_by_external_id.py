from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.create_trip import CreateTrip
from ...models.trip_envelope import TripEnvelope
from ...types import UNSET, Response, Unset


def _get_kwargs(
    external_id: str,
    *,
    body: CreateTrip,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_match, Unset):
        headers["If-Match"] = if_match

    if not isinstance(if_none_match, Unset):
        headers["If-None-Match"] = if_none_match

    _kwargs: dict[str, Any] = {
        "method": "put",
        "url": "/api/v1/ops/trips/by-external-id/{external_id}".format(
            external_id=quote(str(external_id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> TripEnvelope | None:
    if response.status_code == 200:
        response_200 = TripEnvelope.from_dict(response.json())

        return response_200

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
    external_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: CreateTrip,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[TripEnvelope]:
    """Put trip by external id

     Creates the trip with this external id, or replaces its fields: one that is left out gets its
    default, but the status stays. It is safe to send it again.

    Permission: trips:write.

    Args:
        external_id (str):
        if_match (str | Unset):
        if_none_match (str | Unset):
        body (CreateTrip): All fields of a trip: a new one, or the replacement of the trip with
            this external id.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[TripEnvelope]
    """

    kwargs = _get_kwargs(
        external_id=external_id,
        body=body,
        if_match=if_match,
        if_none_match=if_none_match,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    external_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: CreateTrip,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> TripEnvelope | None:
    """Put trip by external id

     Creates the trip with this external id, or replaces its fields: one that is left out gets its
    default, but the status stays. It is safe to send it again.

    Permission: trips:write.

    Args:
        external_id (str):
        if_match (str | Unset):
        if_none_match (str | Unset):
        body (CreateTrip): All fields of a trip: a new one, or the replacement of the trip with
            this external id.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        TripEnvelope
    """

    return sync_detailed(
        external_id=external_id,
        client=client,
        body=body,
        if_match=if_match,
        if_none_match=if_none_match,
    ).parsed


async def asyncio_detailed(
    external_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: CreateTrip,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[TripEnvelope]:
    """Put trip by external id

     Creates the trip with this external id, or replaces its fields: one that is left out gets its
    default, but the status stays. It is safe to send it again.

    Permission: trips:write.

    Args:
        external_id (str):
        if_match (str | Unset):
        if_none_match (str | Unset):
        body (CreateTrip): All fields of a trip: a new one, or the replacement of the trip with
            this external id.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[TripEnvelope]
    """

    kwargs = _get_kwargs(
        external_id=external_id,
        body=body,
        if_match=if_match,
        if_none_match=if_none_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    external_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: CreateTrip,
    if_match: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> TripEnvelope | None:
    """Put trip by external id

     Creates the trip with this external id, or replaces its fields: one that is left out gets its
    default, but the status stays. It is safe to send it again.

    Permission: trips:write.

    Args:
        external_id (str):
        if_match (str | Unset):
        if_none_match (str | Unset):
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
            external_id=external_id,
            client=client,
            body=body,
            if_match=if_match,
            if_none_match=if_none_match,
        )
    ).parsed
