from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.trip_envelope import TripEnvelope
from ...models.update_trip import UpdateTrip
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    body: UpdateTrip | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_match, Unset):
        headers["If-Match"] = if_match

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/api/v1/ops/trips/{id}".format(
            id=quote(str(id), safe=""),
        ),
    }

    if not isinstance(body, Unset):
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> TripEnvelope | None:
    if response.status_code == 200:
        response_200 = TripEnvelope.from_dict(response.json())

        return response_200

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
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: UpdateTrip | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> Response[TripEnvelope]:
    """Update trip

     Changes a trip. A field that is left out stays, and `null` removes an optional value.

    Permission: trips:write.

    Args:
        id (str):
        if_match (str | Unset):
        body (UpdateTrip | Unset): Changes to a trip; a field that is left out stays.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[TripEnvelope]
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
    body: UpdateTrip | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> TripEnvelope | None:
    """Update trip

     Changes a trip. A field that is left out stays, and `null` removes an optional value.

    Permission: trips:write.

    Args:
        id (str):
        if_match (str | Unset):
        body (UpdateTrip | Unset): Changes to a trip; a field that is left out stays.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        TripEnvelope
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
    body: UpdateTrip | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> Response[TripEnvelope]:
    """Update trip

     Changes a trip. A field that is left out stays, and `null` removes an optional value.

    Permission: trips:write.

    Args:
        id (str):
        if_match (str | Unset):
        body (UpdateTrip | Unset): Changes to a trip; a field that is left out stays.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[TripEnvelope]
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
    body: UpdateTrip | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> TripEnvelope | None:
    """Update trip

     Changes a trip. A field that is left out stays, and `null` removes an optional value.

    Permission: trips:write.

    Args:
        id (str):
        if_match (str | Unset):
        body (UpdateTrip | Unset): Changes to a trip; a field that is left out stays.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        TripEnvelope
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
            if_match=if_match,
        )
    ).parsed
