from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.create_webhook import CreateWebhook
from ...models.webhook_with_secret_envelope import WebhookWithSecretEnvelope
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    body: CreateWebhook,
    idempotency_key: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(idempotency_key, Unset):
        headers["Idempotency-Key"] = idempotency_key

    _kwargs: dict[str, Any] = {
        "method": "post",
        "url": "/api/v1/webhooks",
    }

    _kwargs["json"] = body.to_dict()

    headers["Content-Type"] = "application/json"

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> WebhookWithSecretEnvelope | None:
    if response.status_code == 201:
        response_201 = WebhookWithSecretEnvelope.from_dict(response.json())

        return response_201

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[WebhookWithSecretEnvelope]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: CreateWebhook,
    idempotency_key: str | Unset = UNSET,
) -> Response[WebhookWithSecretEnvelope]:
    """Create webhook

     Creates an endpoint: a URL that receives events. The response has the signing secret, which is shown
    once.

    Permission: webhooks:write.

    Args:
        idempotency_key (str | Unset):
        body (CreateWebhook): Properties of a new endpoint. Example: {'url':
            'https://crew.example/hooks/planeconnection', 'events': ['trip.*', 'invoice.paid']}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[WebhookWithSecretEnvelope]
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
    body: CreateWebhook,
    idempotency_key: str | Unset = UNSET,
) -> WebhookWithSecretEnvelope | None:
    """Create webhook

     Creates an endpoint: a URL that receives events. The response has the signing secret, which is shown
    once.

    Permission: webhooks:write.

    Args:
        idempotency_key (str | Unset):
        body (CreateWebhook): Properties of a new endpoint. Example: {'url':
            'https://crew.example/hooks/planeconnection', 'events': ['trip.*', 'invoice.paid']}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        WebhookWithSecretEnvelope
    """

    return sync_detailed(
        client=client,
        body=body,
        idempotency_key=idempotency_key,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    body: CreateWebhook,
    idempotency_key: str | Unset = UNSET,
) -> Response[WebhookWithSecretEnvelope]:
    """Create webhook

     Creates an endpoint: a URL that receives events. The response has the signing secret, which is shown
    once.

    Permission: webhooks:write.

    Args:
        idempotency_key (str | Unset):
        body (CreateWebhook): Properties of a new endpoint. Example: {'url':
            'https://crew.example/hooks/planeconnection', 'events': ['trip.*', 'invoice.paid']}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[WebhookWithSecretEnvelope]
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
    body: CreateWebhook,
    idempotency_key: str | Unset = UNSET,
) -> WebhookWithSecretEnvelope | None:
    """Create webhook

     Creates an endpoint: a URL that receives events. The response has the signing secret, which is shown
    once.

    Permission: webhooks:write.

    Args:
        idempotency_key (str | Unset):
        body (CreateWebhook): Properties of a new endpoint. Example: {'url':
            'https://crew.example/hooks/planeconnection', 'events': ['trip.*', 'invoice.paid']}.

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        WebhookWithSecretEnvelope
    """

    return (
        await asyncio_detailed(
            client=client,
            body=body,
            idempotency_key=idempotency_key,
        )
    ).parsed
