from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.test_webhook import TestWebhook
from ...models.tested_webhook_envelope import TestedWebhookEnvelope
from ...types import UNSET, Response, Unset


def _get_kwargs(
    id: str,
    *,
    body: TestWebhook | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/webhooks/{id}/test".format(
            id=quote(str(id), safe=""),
        ),
    }

    if not isinstance(body, Unset):
        _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> TestedWebhookEnvelope | None:
    if response.status_code == 200:
        response_200 = TestedWebhookEnvelope.from_dict(response.json())

        return response_200

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[TestedWebhookEnvelope]:
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
    body: TestWebhook | Unset = UNSET,
) -> Response[TestedWebhookEnvelope]:
    """Test webhook

     Sends a test event to the endpoint, waits for its answer, and returns the attempt, also if it
    failed.

    Permission: webhooks:write.

    Args:
        id (str):
        body (TestWebhook | Unset): The event of a test.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[TestedWebhookEnvelope]
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
    body: TestWebhook | Unset = UNSET,
) -> TestedWebhookEnvelope | None:
    """Test webhook

     Sends a test event to the endpoint, waits for its answer, and returns the attempt, also if it
    failed.

    Permission: webhooks:write.

    Args:
        id (str):
        body (TestWebhook | Unset): The event of a test.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        TestedWebhookEnvelope
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
    body: TestWebhook | Unset = UNSET,
) -> Response[TestedWebhookEnvelope]:
    """Test webhook

     Sends a test event to the endpoint, waits for its answer, and returns the attempt, also if it
    failed.

    Permission: webhooks:write.

    Args:
        id (str):
        body (TestWebhook | Unset): The event of a test.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[TestedWebhookEnvelope]
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
    body: TestWebhook | Unset = UNSET,
) -> TestedWebhookEnvelope | None:
    """Test webhook

     Sends a test event to the endpoint, waits for its answer, and returns the attempt, also if it
    failed.

    Permission: webhooks:write.

    Args:
        id (str):
        body (TestWebhook | Unset): The event of a test.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        TestedWebhookEnvelope
    """

    return (
        await asyncio_detailed(
            id=id,
            client=client,
            body=body,
        )
    ).parsed
