from http import HTTPStatus
from typing import Any

import httpx

from ... import errors
from ...client import AuthenticatedClient, Client
from ...models.report_page_envelope import ReportPageEnvelope
from ...models.report_severity import ReportSeverity
from ...models.report_status import ReportStatus
from ...models.report_type import ReportType
from ...types import UNSET, Response, Unset


def _get_kwargs(
    *,
    status: ReportStatus | Unset = UNSET,
    report_type: ReportType | Unset = UNSET,
    severity: ReportSeverity | Unset = UNSET,
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

    json_report_type: str | Unset = UNSET
    if not isinstance(report_type, Unset):
        json_report_type = report_type.value

    params["report_type"] = json_report_type

    json_severity: str | Unset = UNSET
    if not isinstance(severity, Unset):
        json_severity = severity.value

    params["severity"] = json_severity

    params["date_from"] = date_from

    params["date_to"] = date_to

    params["page"] = page

    params["page_size"] = page_size

    params["cursor"] = cursor

    params = {k: v for k, v in params.items() if v is not UNSET and v is not None}

    _kwargs: dict[str, Any] = {
        "method": "get",
        "url": "/api/v1/sms/reports",
        "params": params,
    }

    _kwargs["headers"] = headers
    return _kwargs


def _parse_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> ReportPageEnvelope | None:
    if response.status_code == 200:
        response_200 = ReportPageEnvelope.from_dict(response.json())

        return response_200

    if client.raise_on_unexpected_status:
        raise errors.UnexpectedStatus(response.status_code, response.content)
    else:
        return None


def _build_response(*, client: AuthenticatedClient | Client, response: httpx.Response) -> Response[ReportPageEnvelope]:
    return Response(
        status_code=HTTPStatus(response.status_code),
        content=response.content,
        headers=response.headers,
        parsed=_parse_response(client=client, response=response),
    )


def sync_detailed(
    *,
    client: AuthenticatedClient | Client,
    status: ReportStatus | Unset = UNSET,
    report_type: ReportType | Unset = UNSET,
    severity: ReportSeverity | Unset = UNSET,
    date_from: str | Unset = UNSET,
    date_to: str | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[ReportPageEnvelope]:
    """List safety reports

     Lists the reports that match the filters. Keys with `safety:read` read all reports; pilots and
    dispatchers read those that they filed by name.

    Permission: safety:read, or pilot or dispatcher for own reports.

    Args:
        status (ReportStatus | Unset): The status of the work on a report.
        report_type (ReportType | Unset): The type of a safety report.
        severity (ReportSeverity | Unset): The severity of the harm that was done or could have
            been, after ICAO Doc 9859: `negligible` (hardly any consequence),
             `minor` (a nuisance, a limitation, an emergency procedure that was used), `major` (safety
            margins clearly reduced, a serious
             incident, persons injured), `hazardous` (safety margins largely reduced, serious injury,
            major damage), `catastrophic`
             (an aircraft lost, several deaths).
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
        Response[ReportPageEnvelope]
    """

    kwargs = _get_kwargs(
        status=status,
        report_type=report_type,
        severity=severity,
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
    status: ReportStatus | Unset = UNSET,
    report_type: ReportType | Unset = UNSET,
    severity: ReportSeverity | Unset = UNSET,
    date_from: str | Unset = UNSET,
    date_to: str | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> ReportPageEnvelope | None:
    """List safety reports

     Lists the reports that match the filters. Keys with `safety:read` read all reports; pilots and
    dispatchers read those that they filed by name.

    Permission: safety:read, or pilot or dispatcher for own reports.

    Args:
        status (ReportStatus | Unset): The status of the work on a report.
        report_type (ReportType | Unset): The type of a safety report.
        severity (ReportSeverity | Unset): The severity of the harm that was done or could have
            been, after ICAO Doc 9859: `negligible` (hardly any consequence),
             `minor` (a nuisance, a limitation, an emergency procedure that was used), `major` (safety
            margins clearly reduced, a serious
             incident, persons injured), `hazardous` (safety margins largely reduced, serious injury,
            major damage), `catastrophic`
             (an aircraft lost, several deaths).
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
        ReportPageEnvelope
    """

    return sync_detailed(
        client=client,
        status=status,
        report_type=report_type,
        severity=severity,
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
    status: ReportStatus | Unset = UNSET,
    report_type: ReportType | Unset = UNSET,
    severity: ReportSeverity | Unset = UNSET,
    date_from: str | Unset = UNSET,
    date_to: str | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> Response[ReportPageEnvelope]:
    """List safety reports

     Lists the reports that match the filters. Keys with `safety:read` read all reports; pilots and
    dispatchers read those that they filed by name.

    Permission: safety:read, or pilot or dispatcher for own reports.

    Args:
        status (ReportStatus | Unset): The status of the work on a report.
        report_type (ReportType | Unset): The type of a safety report.
        severity (ReportSeverity | Unset): The severity of the harm that was done or could have
            been, after ICAO Doc 9859: `negligible` (hardly any consequence),
             `minor` (a nuisance, a limitation, an emergency procedure that was used), `major` (safety
            margins clearly reduced, a serious
             incident, persons injured), `hazardous` (safety margins largely reduced, serious injury,
            major damage), `catastrophic`
             (an aircraft lost, several deaths).
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
        Response[ReportPageEnvelope]
    """

    kwargs = _get_kwargs(
        status=status,
        report_type=report_type,
        severity=severity,
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
    status: ReportStatus | Unset = UNSET,
    report_type: ReportType | Unset = UNSET,
    severity: ReportSeverity | Unset = UNSET,
    date_from: str | Unset = UNSET,
    date_to: str | Unset = UNSET,
    page: int | Unset = UNSET,
    page_size: int | Unset = UNSET,
    cursor: str | Unset = UNSET,
    if_none_match: str | Unset = UNSET,
) -> ReportPageEnvelope | None:
    """List safety reports

     Lists the reports that match the filters. Keys with `safety:read` read all reports; pilots and
    dispatchers read those that they filed by name.

    Permission: safety:read, or pilot or dispatcher for own reports.

    Args:
        status (ReportStatus | Unset): The status of the work on a report.
        report_type (ReportType | Unset): The type of a safety report.
        severity (ReportSeverity | Unset): The severity of the harm that was done or could have
            been, after ICAO Doc 9859: `negligible` (hardly any consequence),
             `minor` (a nuisance, a limitation, an emergency procedure that was used), `major` (safety
            margins clearly reduced, a serious
             incident, persons injured), `hazardous` (safety margins largely reduced, serious injury,
            major damage), `catastrophic`
             (an aircraft lost, several deaths).
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
        ReportPageEnvelope
    """

    return (
        await asyncio_detailed(
            client=client,
            status=status,
            report_type=report_type,
            severity=severity,
            date_from=date_from,
            date_to=date_to,
            page=page,
            page_size=page_size,
            cursor=cursor,
            if_none_match=if_none_match,
        )
    ).parsed
