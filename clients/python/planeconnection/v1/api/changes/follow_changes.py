from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.changes_envelope import ChangesEnvelope
from ...models.follow_changes_view import FollowChangesView
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    after: int | Unset = UNSET,
    module: str | Unset = UNSET,
    view: FollowChangesView | Unset = UNSET,
    limit: int | Unset = UNSET,
    wait: int | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> dict[str, Any]:
    headers: dict[str, Any] = {}
    if not isinstance(if_none_match, Unset):
        headers["If-None-Match"] = if_none_match

    params: dict[str, Any] = {}

    params["after"] = after

    params["module"] = module

    json_view: str | Unset = UNSET
    if not isinstance(view, Unset):
        json_view = view.value

    params["view"] = json_view

    params["limit"] = limit

    params["wait"] = wait

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/changes",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ChangesEnvelope | None:
    if response.status_code == 200:
        response_200 = ChangesEnvelope.from_dict(response.json())

        return response_200

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ChangesEnvelope]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    after: int | Unset = UNSET,
    module: str | Unset = UNSET,
    view: FollowChangesView | Unset = UNSET,
    limit: int | Unset = UNSET,
    wait: int | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[ChangesEnvelope]:
    """Follow changes

     What changed in the data of the workspace, in the order in which it changed. Store `next` of each
    response and send it as `after`: nothing is missed, and nothing is listed twice. With `wait`, the
    response comes with the next change.

    Permission: a scope to read trips, fleet, safety or invoices.

    Args:
        after (int | Unset):
        module (str | Unset):
        view (FollowChangesView | Unset): The part of a change that a response has.
        limit (int | Unset):
        wait (int | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ChangesEnvelope]
    """

    kwargs = _get_kwargs(
        after=after,
        module=module,
        view=view,
        limit=limit,
        wait=wait,
        if_none_match=if_none_match,
    )

    response = client.get_httpx_client().request(
        **kwargs,
    )

    return _build_response(client=client, response=response)


def sync(
    *,
    client: AuthenticatedClient | Client,
    after: int | Unset = UNSET,
    module: str | Unset = UNSET,
    view: FollowChangesView | Unset = UNSET,
    limit: int | Unset = UNSET,
    wait: int | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> ChangesEnvelope | None:
    """Follow changes

     What changed in the data of the workspace, in the order in which it changed. Store `next` of each
    response and send it as `after`: nothing is missed, and nothing is listed twice. With `wait`, the
    response comes with the next change.

    Permission: a scope to read trips, fleet, safety or invoices.

    Args:
        after (int | Unset):
        module (str | Unset):
        view (FollowChangesView | Unset): The part of a change that a response has.
        limit (int | Unset):
        wait (int | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ChangesEnvelope
    """

    return sync_detailed(
        client=client,
        after=after,
        module=module,
        view=view,
        limit=limit,
        wait=wait,
        if_none_match=if_none_match,
    ).parsed


async def asyncio_detailed(
    *,
    client: AuthenticatedClient | Client,
    after: int | Unset = UNSET,
    module: str | Unset = UNSET,
    view: FollowChangesView | Unset = UNSET,
    limit: int | Unset = UNSET,
    wait: int | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[ChangesEnvelope]:
    """Follow changes

     What changed in the data of the workspace, in the order in which it changed. Store `next` of each
    response and send it as `after`: nothing is missed, and nothing is listed twice. With `wait`, the
    response comes with the next change.

    Permission: a scope to read trips, fleet, safety or invoices.

    Args:
        after (int | Unset):
        module (str | Unset):
        view (FollowChangesView | Unset): The part of a change that a response has.
        limit (int | Unset):
        wait (int | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        Response[ChangesEnvelope]
    """

    kwargs = _get_kwargs(
        after=after,
        module=module,
        view=view,
        limit=limit,
        wait=wait,
        if_none_match=if_none_match,
    )

    response = await client.get_async_httpx_client().request(**kwargs)

    return _build_response(client=client, response=response)


async def asyncio(
    *,
    client: AuthenticatedClient | Client,
    after: int | Unset = UNSET,
    module: str | Unset = UNSET,
    view: FollowChangesView | Unset = UNSET,
    limit: int | Unset = UNSET,
    wait: int | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> ChangesEnvelope | None:
    """Follow changes

     What changed in the data of the workspace, in the order in which it changed. Store `next` of each
    response and send it as `after`: nothing is missed, and nothing is listed twice. With `wait`, the
    response comes with the next change.

    Permission: a scope to read trips, fleet, safety or invoices.

    Args:
        after (int | Unset):
        module (str | Unset):
        view (FollowChangesView | Unset): The part of a change that a response has.
        limit (int | Unset):
        wait (int | Unset):
        if_none_match (str | Unset):

    Raises:
        errors.UnexpectedStatus: If the server returns an undocumented status code and Client.raise_on_unexpected_status is True.
        httpx.TimeoutException: If the request takes longer than Client.timeout.

    Returns:
        ChangesEnvelope
    """

    return (
        await asyncio_detailed(
            client=client,
            after=after,
            module=module,
            view=view,
            limit=limit,
            wait=wait,
            if_none_match=if_none_match,
        )
    ).parsed
