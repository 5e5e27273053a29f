from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import define as _attrs_define
from attrs import field as _attrs_field

if TYPE_CHECKING:
    from ..models.report_month_count import ReportMonthCount
    from ..models.report_summary_by_status import ReportSummaryByStatus
    from ..models.report_summary_by_type import ReportSummaryByType


T = TypeVar("T", bound="ReportSummary")


@_attrs_define
class ReportSummary:
    """The numbers of the safety reports that the caller can read.

    Attributes:
        total (int): The number of all reports.
        by_type (ReportSummaryByType): The number of reports of each type; every type is present.
        by_status (ReportSummaryByStatus): The number of reports in each status; every status is present.
        by_month (list[ReportMonthCount]): The number of reports by the month (UTC) of occurrence, in order; months
            without reports are left out.
    """

    total: int
    by_type: ReportSummaryByType
    by_status: ReportSummaryByStatus
    by_month: list[ReportMonthCount]
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        total = self.total

        by_type = self.by_type.to_dict()

        by_status = self.by_status.to_dict()

        by_month = []
        for by_month_item_data in self.by_month:
            by_month_item = by_month_item_data.to_dict()
            by_month.append(by_month_item)

        field_dict: dict[str, Any] = {}
        field_dict.update(self.additional_properties)
        field_dict.update(
            {
                "total": total,
                "byType": by_type,
                "byStatus": by_status,
                "byMonth": by_month,
            }
        )

        return field_dict

    @classmethod
    def from_dict(cls: type[T], src_dict: Mapping[str, Any]) -> T:
        from ..models.report_month_count import ReportMonthCount  # noqa: PLC0415
        from ..models.report_summary_by_status import ReportSummaryByStatus  # noqa: PLC0415
        from ..models.report_summary_by_type import ReportSummaryByType  # noqa: PLC0415

        d = dict(src_dict)
        total = d.pop("total")

        by_type = ReportSummaryByType.from_dict(d.pop("byType"))

        by_status = ReportSummaryByStatus.from_dict(d.pop("byStatus"))

        by_month = []
        _by_month = d.pop("byMonth")
        for by_month_item_data in _by_month:
            by_month_item = ReportMonthCount.from_dict(by_month_item_data)

            by_month.append(by_month_item)

        report_summary = cls(
            total=total,
            by_type=by_type,
            by_status=by_status,
            by_month=by_month,
        )

        report_summary.additional_properties = d
        return report_summary

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties.keys())

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
