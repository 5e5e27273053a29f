from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.recover_webhook import RecoverWebhook
from ...models.recovered_events_envelope import RecoveredEventsEnvelope
from ...types import Response


def _get_kwargs(
    id: str,
    *,
    body: RecoverWebhook,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/webhooks/{id}/recover".format(
            id=quote(str(id), safe=""),
        ),
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> RecoveredEventsEnvelope | None:
    if response.status_code == 202:
        response_202 = RecoveredEventsEnvelope.from_dict(response.json())

        return response_202

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[RecoveredEventsEnvelope]:
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
    body: RecoverWebhook,
) -> Response[RecoveredEventsEnvelope]:
    """Recover events

     Delivers the events again that the endpoint should have received since a time and did not: those
    that failed, were canceled or were skipped.

    Permission: webhooks:write.

    Args:
        id (str):
        body (RecoverWebhook): The time from which events are delivered again.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[RecoveredEventsEnvelope]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: RecoverWebhook,
) -> RecoveredEventsEnvelope | None:
    """Recover events

     Delivers the events again that the endpoint should have received since a time and did not: those
    that failed, were canceled or were skipped.

    Permission: webhooks:write.

    Args:
        id (str):
        body (RecoverWebhook): The time from which events are delivered again.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        RecoveredEventsEnvelope
    """

    return sync_detailed(
        id=id,
        client=client,
        body=body,
    ).parsed


async def asyncio_detailed(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: RecoverWebhook,
) -> Response[RecoveredEventsEnvelope]:
    """Recover events

     Delivers the events again that the endpoint should have received since a time and did not: those
    that failed, were canceled or were skipped.

    Permission: webhooks:write.

    Args:
        id (str):
        body (RecoverWebhook): The time from which events are delivered again.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[RecoveredEventsEnvelope]
    """

    kwargs = _get_kwargs(
        id=id,
        body=body,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    id: str,
    *,
    client: AuthenticatedClient | Client,
    body: RecoverWebhook,
) -> RecoveredEventsEnvelope | None:
    """Recover events

     Delivers the events again that the endpoint should have received since a time and did not: those
    that failed, were canceled or were skipped.

    Permission: webhooks:write.

    Args:
        id (str):
        body (RecoverWebhook): The time from which events are delivered again.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        RecoveredEventsEnvelope
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
        )
    ).parsed
