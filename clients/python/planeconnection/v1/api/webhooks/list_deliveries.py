from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.list_deliveries_status import ListDeliveriesStatus
from ...models.list_deliveries_type import ListDeliveriesType
from ...models.webhook_delivery_page_envelope import WebhookDeliveryPageEnvelope
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    status: ListDeliveriesStatus | Unset = UNSET,
    type_: ListDeliveriesType | Unset = UNSET,
    date_from: str | Unset = UNSET,
    date_to: str | Unset = UNSET,
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

    json_type_: str | Unset = UNSET
    if not isinstance(type_, Unset):
        json_type_ = type_.value

    params["type"] = json_type_

    params["date_from"] = date_from

    params["date_to"] = date_to

    params["page"] = page

    params["page_size"] = page_size

    params["cursor"] = cursor

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/webhooks/{id}/deliveries".format(
            id=quote(str(id), safe=""),
        ),
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> WebhookDeliveryPageEnvelope | None:
    if response.status_code == 200:
        response_200 = WebhookDeliveryPageEnvelope.from_dict(response.json())

        return response_200

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[WebhookDeliveryPageEnvelope]:
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
    status: ListDeliveriesStatus | Unset = UNSET,
    type_: ListDeliveriesType | Unset = UNSET,
    date_from: str | Unset = UNSET,
    date_to: str | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[WebhookDeliveryPageEnvelope]:
    """List deliveries

     Lists the deliveries to an endpoint that match the filters, each with the result of its last
    attempt.

    Permission: webhooks:read.

    Args:
        id (str):
        status (ListDeliveriesStatus | Unset): The status of a delivery.
        type_ (ListDeliveriesType | Unset):
        date_from (str | Unset):
        date_to (str | Unset):
        page (int | Unset):
        page_size (int | Unset):
        cursor (str | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[WebhookDeliveryPageEnvelope]
    """

    kwargs = _get_kwargs(
        id=id,
        status=status,
        type_=type_,
        date_from=date_from,
        date_to=date_to,
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
    id: str,
    *,
    client: AuthenticatedClient | Client,
    status: ListDeliveriesStatus | Unset = UNSET,
    type_: ListDeliveriesType | Unset = UNSET,
    date_from: str | Unset = UNSET,
    date_to: str | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> WebhookDeliveryPageEnvelope | None:
    """List deliveries

     Lists the deliveries to an endpoint that match the filters, each with the result of its last
    attempt.

    Permission: webhooks:read.

    Args:
        id (str):
        status (ListDeliveriesStatus | Unset): The status of a delivery.
        type_ (ListDeliveriesType | Unset):
        date_from (str | Unset):
        date_to (str | Unset):
        page (int | Unset):
        page_size (int | Unset):
        cursor (str | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        WebhookDeliveryPageEnvelope
    """

    return sync_detailed(
        id=id,
        client=client,
        status=status,
        type_=type_,
        date_from=date_from,
        date_to=date_to,
        page=page,
        page_size=page_size,
        cursor=cursor,
        if_none_match=if_none_match,
    ).parsed


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    status: ListDeliveriesStatus | Unset = UNSET,
    type_: ListDeliveriesType | Unset = UNSET,
    date_from: str | Unset = UNSET,
    date_to: str | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[WebhookDeliveryPageEnvelope]:
    """List deliveries

     Lists the deliveries to an endpoint that match the filters, each with the result of its last
    attempt.

    Permission: webhooks:read.

    Args:
        id (str):
        status (ListDeliveriesStatus | Unset): The status of a delivery.
        type_ (ListDeliveriesType | Unset):
        date_from (str | Unset):
        date_to (str | Unset):
        page (int | Unset):
        page_size (int | Unset):
        cursor (str | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[WebhookDeliveryPageEnvelope]
    """

    kwargs = _get_kwargs(
        id=id,
        status=status,
        type_=type_,
        date_from=date_from,
        date_to=date_to,
        page=page,
        page_size=page_size,
        cursor=cursor,
        if_none_match=if_none_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    status: ListDeliveriesStatus | Unset = UNSET,
    type_: ListDeliveriesType | Unset = UNSET,
    date_from: str | Unset = UNSET,
    date_to: str | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> WebhookDeliveryPageEnvelope | None:
    """List deliveries

     Lists the deliveries to an endpoint that match the filters, each with the result of its last
    attempt.

    Permission: webhooks:read.

    Args:
        id (str):
        status (ListDeliveriesStatus | Unset): The status of a delivery.
        type_ (ListDeliveriesType | Unset):
        date_from (str | Unset):
        date_to (str | Unset):
        page (int | Unset):
        page_size (int | Unset):
        cursor (str | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        WebhookDeliveryPageEnvelope
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            status=status,
            type_=type_,
            date_from=date_from,
            date_to=date_to,
            page=page,
            page_size=page_size,
            cursor=cursor,
            if_none_match=if_none_match,
        )
    ).parsed
