from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.list_trips_sort import ListTripsSort
from ...models.trip_page_envelope import TripPageEnvelope
from ...models.trip_status import TripStatus
from ...models.trip_type import TripType
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    status: TripStatus | Unset = UNSET,
    trip_type: TripType | Unset = UNSET,
    aircraft_id: str | Unset = UNSET,
    external_id: str | Unset = UNSET,
    date_from: str | Unset = UNSET,
    date_to: str | Unset = UNSET,
    updated_since: str | Unset = UNSET,
    sort: ListTripsSort | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_none_match, Unset):
        headers["If-None-Match"] = if_none_match

    params: dict[str, Any] = {}

    json_status: str | Unset = UNSET
    if not isinstance(status, Unset):
        json_status = status.value

    params["status"] = json_status

    json_trip_type: str | Unset = UNSET
    if not isinstance(trip_type, Unset):
        json_trip_type = trip_type.value

    params["trip_type"] = json_trip_type

    params["aircraft_id"] = aircraft_id

    params["external_id"] = external_id

    params["date_from"] = date_from

    params["date_to"] = date_to

    params["updated_since"] = updated_since

    json_sort: str | Unset = UNSET
    if not isinstance(sort, Unset):
        json_sort = sort.value

    params["sort"] = json_sort

    params["page"] = page

    params["page_size"] = page_size

    params["cursor"] = cursor

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/ops/trips",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> TripPageEnvelope | None:
    if response.status_code == 200:
        response_200 = TripPageEnvelope.from_dict(response.json())

        return response_200

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[TripPageEnvelope]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    status: TripStatus | Unset = UNSET,
    trip_type: TripType | Unset = UNSET,
    aircraft_id: str | Unset = UNSET,
    external_id: str | Unset = UNSET,
    date_from: str | Unset = UNSET,
    date_to: str | Unset = UNSET,
    updated_since: str | Unset = UNSET,
    sort: ListTripsSort | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[TripPageEnvelope]:
    """List trips

     Lists the trips that match the filters. To keep a copy of all trips up to date, follow the changes
    instead.

    Permission: trips:read.

    Args:
        status (TripStatus | Unset): The status of a trip, in order, except for `cancelled`. A
            trip can move forward and skip steps, move back by one step until
             it is dispatched, and be cancelled until it is active. A cancelled trip can be reopened
            as a draft; `completed` is final.
             Any other transition is refused with 409.
        trip_type (TripType | Unset): The purpose of a trip.
        aircraft_id (str | Unset):
        external_id (str | Unset):
        date_from (str | Unset):
        date_to (str | Unset):
        updated_since (str | Unset):
        sort (ListTripsSort | Unset): The order of a list of trips, and of trips with the same
            time that of their ids; `-` is descending.
        page (int | Unset):
        page_size (int | Unset):
        cursor (str | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[TripPageEnvelope]
    """

    kwargs = _get_kwargs(
        status=status,
        trip_type=trip_type,
        aircraft_id=aircraft_id,
        external_id=external_id,
        date_from=date_from,
        date_to=date_to,
        updated_since=updated_since,
        sort=sort,
        page=page,
        page_size=page_size,
        cursor=cursor,
        if_none_match=if_none_match,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    status: TripStatus | Unset = UNSET,
    trip_type: TripType | Unset = UNSET,
    aircraft_id: str | Unset = UNSET,
    external_id: str | Unset = UNSET,
    date_from: str | Unset = UNSET,
    date_to: str | Unset = UNSET,
    updated_since: str | Unset = UNSET,
    sort: ListTripsSort | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> TripPageEnvelope | None:
    """List trips

     Lists the trips that match the filters. To keep a copy of all trips up to date, follow the changes
    instead.

    Permission: trips:read.

    Args:
        status (TripStatus | Unset): The status of a trip, in order, except for `cancelled`. A
            trip can move forward and skip steps, move back by one step until
             it is dispatched, and be cancelled until it is active. A cancelled trip can be reopened
            as a draft; `completed` is final.
             Any other transition is refused with 409.
        trip_type (TripType | Unset): The purpose of a trip.
        aircraft_id (str | Unset):
        external_id (str | Unset):
        date_from (str | Unset):
        date_to (str | Unset):
        updated_since (str | Unset):
        sort (ListTripsSort | Unset): The order of a list of trips, and of trips with the same
            time that of their ids; `-` is descending.
        page (int | Unset):
        page_size (int | Unset):
        cursor (str | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        TripPageEnvelope
    """

    return sync_detailed(
        client=client,
        status=status,
        trip_type=trip_type,
        aircraft_id=aircraft_id,
        external_id=external_id,
        date_from=date_from,
        date_to=date_to,
        updated_since=updated_since,
        sort=sort,
        page=page,
        page_size=page_size,
        cursor=cursor,
        if_none_match=if_none_match,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    status: TripStatus | Unset = UNSET,
    trip_type: TripType | Unset = UNSET,
    aircraft_id: str | Unset = UNSET,
    external_id: str | Unset = UNSET,
    date_from: str | Unset = UNSET,
    date_to: str | Unset = UNSET,
    updated_since: str | Unset = UNSET,
    sort: ListTripsSort | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[TripPageEnvelope]:
    """List trips

     Lists the trips that match the filters. To keep a copy of all trips up to date, follow the changes
    instead.

    Permission: trips:read.

    Args:
        status (TripStatus | Unset): The status of a trip, in order, except for `cancelled`. A
            trip can move forward and skip steps, move back by one step until
             it is dispatched, and be cancelled until it is active. A cancelled trip can be reopened
            as a draft; `completed` is final.
             Any other transition is refused with 409.
        trip_type (TripType | Unset): The purpose of a trip.
        aircraft_id (str | Unset):
        external_id (str | Unset):
        date_from (str | Unset):
        date_to (str | Unset):
        updated_since (str | Unset):
        sort (ListTripsSort | Unset): The order of a list of trips, and of trips with the same
            time that of their ids; `-` is descending.
        page (int | Unset):
        page_size (int | Unset):
        cursor (str | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[TripPageEnvelope]
    """

    kwargs = _get_kwargs(
        status=status,
        trip_type=trip_type,
        aircraft_id=aircraft_id,
        external_id=external_id,
        date_from=date_from,
        date_to=date_to,
        updated_since=updated_since,
        sort=sort,
        page=page,
        page_size=page_size,
        cursor=cursor,
        if_none_match=if_none_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    status: TripStatus | Unset = UNSET,
    trip_type: TripType | Unset = UNSET,
    aircraft_id: str | Unset = UNSET,
    external_id: str | Unset = UNSET,
    date_from: str | Unset = UNSET,
    date_to: str | Unset = UNSET,
    updated_since: str | Unset = UNSET,
    sort: ListTripsSort | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> TripPageEnvelope | None:
    """List trips

     Lists the trips that match the filters. To keep a copy of all trips up to date, follow the changes
    instead.

    Permission: trips:read.

    Args:
        status (TripStatus | Unset): The status of a trip, in order, except for `cancelled`. A
            trip can move forward and skip steps, move back by one step until
             it is dispatched, and be cancelled until it is active. A cancelled trip can be reopened
            as a draft; `completed` is final.
             Any other transition is refused with 409.
        trip_type (TripType | Unset): The purpose of a trip.
        aircraft_id (str | Unset):
        external_id (str | Unset):
        date_from (str | Unset):
        date_to (str | Unset):
        updated_since (str | Unset):
        sort (ListTripsSort | Unset): The order of a list of trips, and of trips with the same
            time that of their ids; `-` is descending.
        page (int | Unset):
        page_size (int | Unset):
        cursor (str | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        TripPageEnvelope
    """

    return (
        await asyncio_detailed(
            client=client,
            status=status,
            trip_type=trip_type,
            aircraft_id=aircraft_id,
            external_id=external_id,
            date_from=date_from,
            date_to=date_to,
            updated_since=updated_since,
            sort=sort,
            page=page,
            page_size=page_size,
            cursor=cursor,
            if_none_match=if_none_match,
        )
    ).parsed
