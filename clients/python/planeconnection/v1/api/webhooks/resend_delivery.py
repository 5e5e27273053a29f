from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.resend_delivery_body import ResendDeliveryBody
from ...models.resent_delivery_envelope import ResentDeliveryEnvelope
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    delivery_id: str,
    *,
    body: ResendDeliveryBody | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/webhooks/{id}/deliveries/{delivery_id}/resend".format(
            id=quote(str(id), safe=""),
            delivery_id=quote(str(delivery_id), safe=""),
        ),
    }

    if not isinstance(body, Unset):
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ResentDeliveryEnvelope | None:
    if response.status_code == 202:
        response_202 = ResentDeliveryEnvelope.from_dict(response.json())

        return response_202

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[ResentDeliveryEnvelope]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    id: str,
    delivery_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: ResendDeliveryBody | Unset = UNSET,
) -> Response[ResentDeliveryEnvelope]:
    """Resend delivery

     Sends the event of a delivery again, as a new delivery with the same event id and payload.

    Permission: webhooks:write.

    Args:
        id (str):
        delivery_id (str):
        body (ResendDeliveryBody | Unset): The body of a call that takes nothing: none, or an
            object without members.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ResentDeliveryEnvelope]
    """

    kwargs = _get_kwargs(
        id=id,
        delivery_id=delivery_id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: str,
    delivery_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: ResendDeliveryBody | Unset = UNSET,
) -> ResentDeliveryEnvelope | None:
    """Resend delivery

     Sends the event of a delivery again, as a new delivery with the same event id and payload.

    Permission: webhooks:write.

    Args:
        id (str):
        delivery_id (str):
        body (ResendDeliveryBody | Unset): The body of a call that takes nothing: none, or an
            object without members.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ResentDeliveryEnvelope
    """

    return sync_detailed(
        id=id,
        delivery_id=delivery_id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    id: str,
    delivery_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: ResendDeliveryBody | Unset = UNSET,
) -> Response[ResentDeliveryEnvelope]:
    """Resend delivery

     Sends the event of a delivery again, as a new delivery with the same event id and payload.

    Permission: webhooks:write.

    Args:
        id (str):
        delivery_id (str):
        body (ResendDeliveryBody | Unset): The body of a call that takes nothing: none, or an
            object without members.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ResentDeliveryEnvelope]
    """

    kwargs = _get_kwargs(
        id=id,
        delivery_id=delivery_id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    delivery_id: str,
    *,
    client: AuthenticatedClient | Client,
    body: ResendDeliveryBody | Unset = UNSET,
) -> ResentDeliveryEnvelope | None:
    """Resend delivery

     Sends the event of a delivery again, as a new delivery with the same event id and payload.

    Permission: webhooks:write.

    Args:
        id (str):
        delivery_id (str):
        body (ResendDeliveryBody | Unset): The body of a call that takes nothing: none, or an
            object without members.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ResentDeliveryEnvelope
    """

    return (
        await asyncio_detailed(
            id=id,
            delivery_id=delivery_id,
            client=client,
            body=body,
        )
    ).parsed
