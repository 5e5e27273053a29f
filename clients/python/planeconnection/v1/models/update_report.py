from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any, TypeVar, cast

from attrs import define as _attrs_define

from ..models.confidentiality import Confidentiality
from ..models.report_severity import ReportSeverity
from ..models.report_status import ReportStatus
from ..types import UNSET, Unset

T = TypeVar("T", bound="UpdateReport")


@_attrs_define
class UpdateReport:
    """Changes to a report; a field that is left out stays.

    Attributes:
        title (str | Unset):
        description (str | Unset):
        location (None | str | Unset):
        occurred_at (datetime.datetime | Unset): RFC 3339, from 1970-01-01T00:00:00Z to 9999-12-30T22:00:00Z; in
            responses in UTC with `Z`
        severity (ReportSeverity | Unset): The severity of the harm that was done or could have been, after ICAO Doc
            9859: `negligible` (hardly any consequence),
             `minor` (a nuisance, a limitation, an emergency procedure that was used), `major` (safety margins clearly
            reduced, a serious
             incident, persons injured), `hazardous` (safety margins largely reduced, serious injury, major damage),
            `catastrophic`
             (an aircraft lost, several deaths).
        status (ReportStatus | Unset): The status of the work on a report.
        confidentiality (Confidentiality | Unset): The protection of the reporter's name.
        assigned_to (None | str | Unset):
    """

    title: str | Unset = UNSET
    description: str | Unset = UNSET
    location: None | str | Unset = UNSET
    occurred_at: datetime.datetime | Unset = UNSET
    severity: ReportSeverity | Unset = UNSET
    status: ReportStatus | Unset = UNSET
    confidentiality: Confidentiality | Unset = UNSET
    assigned_to: None | str | Unset = UNSET

    def to_dict(self) -> dict[str, Any]:
        title = self.title

        description = self.description

        location: None | str | Unset
        if isinstance(self.location, Unset):
            location = UNSET
        else:
            location = self.location

        occurred_at: str | Unset = UNSET
        if not isinstance(self.occurred_at, Unset):
            occurred_at = self.occurred_at.isoformat()

        severity: str | Unset = UNSET
        if not isinstance(self.severity, Unset):
            severity = self.severity.value

        status: str | Unset = UNSET
        if not isinstance(self.status, Unset):
            status = self.status.value

        confidentiality: str | Unset = UNSET
        if not isinstance(self.confidentiality, Unset):
            confidentiality = self.confidentiality.value

        assigned_to: None | str | Unset
        if isinstance(self.assigned_to, Unset):
            assigned_to = UNSET
        else:
            assigned_to = self.assigned_to

        field_dict: dict[str, Any] = {}

        field_dict.update({})
        if title is not UNSET:
            field_dict["title"] = title
        if description is not UNSET:
            field_dict["description"] = description
        if location is not UNSET:
            field_dict["location"] = location
        if occurred_at is not UNSET:
            field_dict["occurredAt"] = occurred_at
        if severity is not UNSET:
            field_dict["severity"] = severity
        if status is not UNSET:
            field_dict["status"] = status
        if confidentiality is not UNSET:
            field_dict["confidentiality"] = confidentiality
        if assigned_to is not UNSET:
            field_dict["assignedTo"] = assigned_to

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        d = dict(src_dict)
        title = d.pop("title", UNSET)

        description = d.pop("description", UNSET)

        def _parse_location(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        location = _parse_location(d.pop("location", UNSET))

        _occurred_at = d.pop("occurredAt", UNSET)
        occurred_at: datetime.datetime | Unset
        if isinstance(_occurred_at, Unset):
            occurred_at = UNSET
        else:
            occurred_at = datetime.datetime.fromisoformat(_occurred_at)

        _severity = d.pop("severity", UNSET)
        severity: ReportSeverity | Unset
        if isinstance(_severity, Unset):
            severity = UNSET
        else:
            severity = ReportSeverity(_severity)

        _status = d.pop("status", UNSET)
        status: ReportStatus | Unset
        if isinstance(_status, Unset):
            status = UNSET
        else:
            status = ReportStatus(_status)

        _confidentiality = d.pop("confidentiality", UNSET)
        confidentiality: Confidentiality | Unset
        if isinstance(_confidentiality, Unset):
            confidentiality = UNSET
        else:
            confidentiality = Confidentiality(_confidentiality)

        def _parse_assigned_to(data: object) -> None | str | Unset:
            if data is None:
                return data
            if isinstance(data, Unset):
                return data
            return cast(None | str | Unset, data)

        assigned_to = _parse_assigned_to(d.pop("assignedTo", UNSET))

        update_report = cls(
            title=title,
            description=description,
            location=location,
            occurred_at=occurred_at,
            severity=severity,
            status=status,
            confidentiality=confidentiality,
            assigned_to=assigned_to,
        )

        return update_report
