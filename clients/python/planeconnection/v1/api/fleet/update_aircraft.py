from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.aircraft_envelope import AircraftEnvelope
from ...models.update_aircraft import UpdateAircraft
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    body: UpdateAircraft | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_match, Unset):
        headers["If-Match"] = if_match

    _kwargs: dict[str, Any] = {
        "method": "patch",
        "url": "/api/v1/ops/aircraft/{id}".format(
            id=quote(str(id), safe=""),
        ),
    }

    if not isinstance(body, Unset):
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> AircraftEnvelope | None:
    if response.status_code == 200:
        response_200 = AircraftEnvelope.from_dict(response.json())

        return response_200

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[AircraftEnvelope]:
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
    body: UpdateAircraft | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> Response[AircraftEnvelope]:
    """Update aircraft

     Changes an aircraft. A field that is left out stays, and `null` removes an optional value. A change
    of `status` clears `statusNote` and `expectedReturn`, unless the same request sets them.

    Permission: fleet:write.

    Args:
        id (str):
        if_match (str | Unset):
        body (UpdateAircraft | Unset): Changes to an aircraft; a field that is left out stays. A
            change of `status` clears `statusNote` and `expectedReturn`, which
            belong to the old status, unless the same request sets them.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AircraftEnvelope]
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
    body: UpdateAircraft | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> AircraftEnvelope | None:
    """Update aircraft

     Changes an aircraft. A field that is left out stays, and `null` removes an optional value. A change
    of `status` clears `statusNote` and `expectedReturn`, unless the same request sets them.

    Permission: fleet:write.

    Args:
        id (str):
        if_match (str | Unset):
        body (UpdateAircraft | Unset): Changes to an aircraft; a field that is left out stays. A
            change of `status` clears `statusNote` and `expectedReturn`, which
            belong to the old status, unless the same request sets them.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AircraftEnvelope
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
    body: UpdateAircraft | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> Response[AircraftEnvelope]:
    """Update aircraft

     Changes an aircraft. A field that is left out stays, and `null` removes an optional value. A change
    of `status` clears `statusNote` and `expectedReturn`, unless the same request sets them.

    Permission: fleet:write.

    Args:
        id (str):
        if_match (str | Unset):
        body (UpdateAircraft | Unset): Changes to an aircraft; a field that is left out stays. A
            change of `status` clears `statusNote` and `expectedReturn`, which
            belong to the old status, unless the same request sets them.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[AircraftEnvelope]
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
    body: UpdateAircraft | Unset = UNSET,
    if_match: str | Unset = UNSET,
) -> AircraftEnvelope | None:
    """Update aircraft

     Changes an aircraft. A field that is left out stays, and `null` removes an optional value. A change
    of `status` clears `statusNote` and `expectedReturn`, unless the same request sets them.

    Permission: fleet:write.

    Args:
        id (str):
        if_match (str | Unset):
        body (UpdateAircraft | Unset): Changes to an aircraft; a field that is left out stays. A
            change of `status` clears `statusNote` and `expectedReturn`, which
            belong to the old status, unless the same request sets them.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        AircraftEnvelope
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
            if_match=if_match,
        )
    ).parsed
