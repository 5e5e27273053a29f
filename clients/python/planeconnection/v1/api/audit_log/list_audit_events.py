from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.audit_event_page_envelope import AuditEventPageEnvelope
from ...models.list_audit_events_action import ListAuditEventsAction
from ...models.list_audit_events_outcome import ListAuditEventsOutcome
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    action: ListAuditEventsAction | Unset = UNSET,
    actor_id: str | Unset = UNSET,
    api_key_id: str | Unset = UNSET,
    outcome: ListAuditEventsOutcome | Unset = UNSET,
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

    json_action: str | Unset = UNSET
    if not isinstance(action, Unset):
        json_action = action.value

    params["action"] = json_action

    params["actor_id"] = actor_id

    params["api_key_id"] = api_key_id

    json_outcome: str | Unset = UNSET
    if not isinstance(outcome, Unset):
        json_outcome = outcome.value

    params["outcome"] = json_outcome

    params["date_from"] = date_from

    params["date_to"] = date_to

    params["page"] = page

    params["page_size"] = page_size

    params["cursor"] = cursor

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/audit-log",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> AuditEventPageEnvelope | None:
    if response.status_code == 200:
        response_200 = AuditEventPageEnvelope.from_dict(response.json())

        return response_200

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(
    *, client: AuthenticatedClient | Client, response: httpx.Response
) -> Response[AuditEventPageEnvelope]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    action: ListAuditEventsAction | Unset = UNSET,
    actor_id: str | Unset = UNSET,
    api_key_id: str | Unset = UNSET,
    outcome: ListAuditEventsOutcome | Unset = UNSET,
    date_from: str | Unset = UNSET,
    date_to: str | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[AuditEventPageEnvelope]:
    """List audit events

     Lists the events of the audit log that match the filters: which member or key did what, and when.

    Permission: audit:read.

    Args:
        action (ListAuditEventsAction | Unset): An action that the log records.
        actor_id (str | Unset):
        api_key_id (str | Unset):
        outcome (ListAuditEventsOutcome | Unset): The outcome of an action.
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
        Response[AuditEventPageEnvelope]
    """

    kwargs = _get_kwargs(
        action=action,
        actor_id=actor_id,
        api_key_id=api_key_id,
        outcome=outcome,
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
    *,
    client: AuthenticatedClient | Client,
    action: ListAuditEventsAction | Unset = UNSET,
    actor_id: str | Unset = UNSET,
    api_key_id: str | Unset = UNSET,
    outcome: ListAuditEventsOutcome | Unset = UNSET,
    date_from: str | Unset = UNSET,
    date_to: str | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> AuditEventPageEnvelope | None:
    """List audit events

     Lists the events of the audit log that match the filters: which member or key did what, and when.

    Permission: audit:read.

    Args:
        action (ListAuditEventsAction | Unset): An action that the log records.
        actor_id (str | Unset):
        api_key_id (str | Unset):
        outcome (ListAuditEventsOutcome | Unset): The outcome of an action.
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
        AuditEventPageEnvelope
    """

    return sync_detailed(
        client=client,
        action=action,
        actor_id=actor_id,
        api_key_id=api_key_id,
        outcome=outcome,
        date_from=date_from,
        date_to=date_to,
        page=page,
        page_size=page_size,
        cursor=cursor,
        if_none_match=if_none_match,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    action: ListAuditEventsAction | Unset = UNSET,
    actor_id: str | Unset = UNSET,
    api_key_id: str | Unset = UNSET,
    outcome: ListAuditEventsOutcome | Unset = UNSET,
    date_from: str | Unset = UNSET,
    date_to: str | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[AuditEventPageEnvelope]:
    """List audit events

     Lists the events of the audit log that match the filters: which member or key did what, and when.

    Permission: audit:read.

    Args:
        action (ListAuditEventsAction | Unset): An action that the log records.
        actor_id (str | Unset):
        api_key_id (str | Unset):
        outcome (ListAuditEventsOutcome | Unset): The outcome of an action.
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
        Response[AuditEventPageEnvelope]
    """

    kwargs = _get_kwargs(
        action=action,
        actor_id=actor_id,
        api_key_id=api_key_id,
        outcome=outcome,
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
    *,
    client: AuthenticatedClient | Client,
    action: ListAuditEventsAction | Unset = UNSET,
    actor_id: str | Unset = UNSET,
    api_key_id: str | Unset = UNSET,
    outcome: ListAuditEventsOutcome | Unset = UNSET,
    date_from: str | Unset = UNSET,
    date_to: str | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> AuditEventPageEnvelope | None:
    """List audit events

     Lists the events of the audit log that match the filters: which member or key did what, and when.

    Permission: audit:read.

    Args:
        action (ListAuditEventsAction | Unset): An action that the log records.
        actor_id (str | Unset):
        api_key_id (str | Unset):
        outcome (ListAuditEventsOutcome | Unset): The outcome of an action.
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
        AuditEventPageEnvelope
    """

    return (
        await asyncio_detailed(
            client=client,
            action=action,
            actor_id=actor_id,
            api_key_id=api_key_id,
            outcome=outcome,
            date_from=date_from,
            date_to=date_to,
            page=page,
            page_size=page_size,
            cursor=cursor,
            if_none_match=if_none_match,
        )
    ).parsed
