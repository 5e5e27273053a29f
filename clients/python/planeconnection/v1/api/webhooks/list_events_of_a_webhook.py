from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.webhook_events_envelope import WebhookEventsEnvelope
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    after_sequence: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_none_match, Unset):
        headers["If-None-Match"] = if_none_match

    params: dict[str, Any] = {}

    params["after_sequence"] = after_sequence

    params["page_size"] = page_size

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/webhooks/{id}/events".format(
            id=quote(str(id), safe=""),
        ),
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> WebhookEventsEnvelope | None:
    if response.status_code == 200:
        response_200 = WebhookEventsEnvelope.from_dict(response.json())

        return response_200

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[WebhookEventsEnvelope]:
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
    after_sequence: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[WebhookEventsEnvelope]:
    """List events of a webhook

     Lists the payloads that the endpoint should have received, in their order: to fetch what was missed.
    Call it again with `next_after_sequence` as `after_sequence`, until that is null.

    Permission: webhooks:read.

    Args:
        id (str):
        after_sequence (int | Unset):
        page_size (int | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[WebhookEventsEnvelope]
    """

    kwargs = _get_kwargs(
        id=id,
        after_sequence=after_sequence,
        page_size=page_size,
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
    after_sequence: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> WebhookEventsEnvelope | None:
    """List events of a webhook

     Lists the payloads that the endpoint should have received, in their order: to fetch what was missed.
    Call it again with `next_after_sequence` as `after_sequence`, until that is null.

    Permission: webhooks:read.

    Args:
        id (str):
        after_sequence (int | Unset):
        page_size (int | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        WebhookEventsEnvelope
    """

    return sync_detailed(
        id=id,
        client=client,
        after_sequence=after_sequence,
        page_size=page_size,
        if_none_match=if_none_match,
    ).parsed


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    after_sequence: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[WebhookEventsEnvelope]:
    """List events of a webhook

     Lists the payloads that the endpoint should have received, in their order: to fetch what was missed.
    Call it again with `next_after_sequence` as `after_sequence`, until that is null.

    Permission: webhooks:read.

    Args:
        id (str):
        after_sequence (int | Unset):
        page_size (int | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[WebhookEventsEnvelope]
    """

    kwargs = _get_kwargs(
        id=id,
        after_sequence=after_sequence,
        page_size=page_size,
        if_none_match=if_none_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    after_sequence: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> WebhookEventsEnvelope | None:
    """List events of a webhook

     Lists the payloads that the endpoint should have received, in their order: to fetch what was missed.
    Call it again with `next_after_sequence` as `after_sequence`, until that is null.

    Permission: webhooks:read.

    Args:
        id (str):
        after_sequence (int | Unset):
        page_size (int | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        WebhookEventsEnvelope
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            after_sequence=after_sequence,
            page_size=page_size,
            if_none_match=if_none_match,
        )
    ).parsed
