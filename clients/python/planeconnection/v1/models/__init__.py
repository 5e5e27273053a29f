"""Contains all the data models used in inputs/outputs"""

from .action import Action
from .aircraft import Aircraft
from .aircraft_batch_item import AircraftBatchItem
from .aircraft_batch_result import AircraftBatchResult
from .aircraft_batch_result_envelope import AircraftBatchResultEnvelope
from .aircraft_envelope import AircraftEnvelope
from .aircraft_page import AircraftPage
from .aircraft_page_envelope import AircraftPageEnvelope
from .aircraft_status import AircraftStatus
from .audit_event import AuditEvent
from .audit_event_details import AuditEventDetails
from .audit_event_page import AuditEventPage
from .audit_event_page_envelope import AuditEventPageEnvelope
from .auth_method import AuthMethod
from .batch_item_error import BatchItemError
from .calling_key import CallingKey
from .calling_member import CallingMember
from .change_kind import ChangeKind
from .change_object_type_0 import ChangeObjectType0
from .change_of_data import Change
from .changed_module import ChangedModule
from .changes import Changes
from .changes_envelope import ChangesEnvelope
from .confidentiality import Confidentiality
from .create_aircraft import CreateAircraft
from .create_invoice import CreateInvoice
from .create_report import CreateReport
from .create_trip import CreateTrip
from .create_webhook import CreateWebhook
from .deleted_webhook import DeletedWebhook
from .deleted_webhook_envelope import DeletedWebhookEnvelope
from .error_detail import ErrorDetail
from .error_detail_items_item import ErrorDetailItemsItem
from .event_actor import EventActor
from .event_authentication import EventAuthentication
from .event_type_description import EventTypeDescription
from .event_type_description_example import EventTypeDescriptionExample
from .event_types import EventTypes
from .event_types_envelope import EventTypesEnvelope
from .failure import Failure
from .field_error import FieldError
from .finding import Finding
from .finding_code import FindingCode
from .finding_page import FindingPage
from .finding_page_envelope import FindingPageEnvelope
from .finding_remedy import FindingRemedy
from .finding_severity import FindingSeverity
from .fleet_counts import FleetCounts
from .fleet_line import FleetLine
from .fleet_status import FleetStatus
from .fleet_status_envelope import FleetStatusEnvelope
from .follow_changes_view import FollowChangesView
from .invoice import Invoice
from .invoice_batch_item import InvoiceBatchItem
from .invoice_batch_result import InvoiceBatchResult
from .invoice_batch_result_envelope import InvoiceBatchResultEnvelope
from .invoice_client import InvoiceClient
from .invoice_envelope import InvoiceEnvelope
from .invoice_page import InvoicePage
from .invoice_page_envelope import InvoicePageEnvelope
from .invoice_status import InvoiceStatus
from .line_item import LineItem
from .list_audit_events_action import ListAuditEventsAction
from .list_audit_events_outcome import ListAuditEventsOutcome
from .list_deliveries_status import ListDeliveriesStatus
from .list_deliveries_type import ListDeliveriesType
from .list_findings_code import ListFindingsCode
from .list_findings_severity import ListFindingsSeverity
from .list_trips_sort import ListTripsSort
from .list_webhooks_status import ListWebhooksStatus
from .new_invoice_client import NewInvoiceClient
from .new_line_item import NewLineItem
from .outcome import Outcome
from .pay_invoice import PayInvoice
from .payment import Payment
from .payment_page import PaymentPage
from .payment_page_envelope import PaymentPageEnvelope
from .recover_webhook import RecoverWebhook
from .recovered_events import RecoveredEvents
from .recovered_events_envelope import RecoveredEventsEnvelope
from .report import Report
from .report_envelope import ReportEnvelope
from .report_month_count import ReportMonthCount
from .report_page import ReportPage
from .report_page_envelope import ReportPageEnvelope
from .report_severity import ReportSeverity
from .report_status import ReportStatus
from .report_summary import ReportSummary
from .report_summary_by_status import ReportSummaryByStatus
from .report_summary_by_type import ReportSummaryByType
from .report_summary_envelope import ReportSummaryEnvelope
from .report_type import ReportType
from .reporter import Reporter
from .resend_delivery_body import ResendDeliveryBody
from .resent_delivery import ResentDelivery
from .resent_delivery_envelope import ResentDeliveryEnvelope
from .role import Role
from .rotate_webhook_secret import RotateWebhookSecret
from .scope import Scope
from .send_invoice_body import SendInvoiceBody
from .target import Target
from .test_webhook import TestWebhook
from .tested_webhook import TestedWebhook
from .tested_webhook_envelope import TestedWebhookEnvelope
from .trip import Trip
from .trip_batch_item import TripBatchItem
from .trip_batch_result import TripBatchResult
from .trip_batch_result_envelope import TripBatchResultEnvelope
from .trip_envelope import TripEnvelope
from .trip_page import TripPage
from .trip_page_envelope import TripPageEnvelope
from .trip_status import TripStatus
from .trip_type import TripType
from .update_aircraft import UpdateAircraft
from .update_invoice import UpdateInvoice
from .update_report import UpdateReport
from .update_trip import UpdateTrip
from .update_webhook import UpdateWebhook
from .upsert_aircraft import UpsertAircraft
from .upsert_aircraft_batch import UpsertAircraftBatch
from .upsert_invoice import UpsertInvoice
from .upsert_invoice_batch import UpsertInvoiceBatch
from .upsert_trip import UpsertTrip
from .upsert_trip_batch import UpsertTripBatch
from .void_invoice import VoidInvoice
from .webhook import Webhook
from .webhook_attempt import WebhookAttempt
from .webhook_attempt_summary import WebhookAttemptSummary
from .webhook_backlog import WebhookBacklog
from .webhook_creator import WebhookCreator
from .webhook_delivered_type import WebhookDeliveredType
from .webhook_delivery import WebhookDelivery
from .webhook_delivery_details import WebhookDeliveryDetails
from .webhook_delivery_details_envelope import WebhookDeliveryDetailsEnvelope
from .webhook_delivery_details_payload_type_0 import WebhookDeliveryDetailsPayloadType0
from .webhook_delivery_page import WebhookDeliveryPage
from .webhook_delivery_page_envelope import WebhookDeliveryPageEnvelope
from .webhook_delivery_status import WebhookDeliveryStatus
from .webhook_envelope import WebhookEnvelope
from .webhook_event_pattern import WebhookEventPattern
from .webhook_events import WebhookEvents
from .webhook_events_envelope import WebhookEventsEnvelope
from .webhook_events_items_item import WebhookEventsItemsItem
from .webhook_header import WebhookHeader
from .webhook_health import WebhookHealth
from .webhook_page import WebhookPage
from .webhook_page_envelope import WebhookPageEnvelope
from .webhook_request import WebhookRequest
from .webhook_response import WebhookResponse
from .webhook_schedule import WebhookSchedule
from .webhook_status import WebhookStatus
from .webhook_with_secret import WebhookWithSecret
from .webhook_with_secret_envelope import WebhookWithSecretEnvelope
from .who_am_i_envelope import WhoAmIEnvelope
from .who_am_i_type_0 import WhoAmIType0
from .who_am_i_type_0_type import WhoAmIType0Type
from .who_am_i_type_1 import WhoAmIType1
from .who_am_i_type_1_type import WhoAmIType1Type
from .workspace import Workspace

__all__ = (
    "Action",
    "Aircraft",
    "AircraftBatchItem",
    "AircraftBatchResult",
    "AircraftBatchResultEnvelope",
    "AircraftEnvelope",
    "AircraftPage",
    "AircraftPageEnvelope",
    "AircraftStatus",
    "AuditEvent",
    "AuditEventDetails",
    "AuditEventPage",
    "AuditEventPageEnvelope",
    "AuthMethod",
    "BatchItemError",
    "CallingKey",
    "CallingMember",
    "Change",
    "ChangedModule",
    "ChangeKind",
    "ChangeObjectType0",
    "Changes",
    "ChangesEnvelope",
    "Confidentiality",
    "CreateAircraft",
    "CreateInvoice",
    "CreateReport",
    "CreateTrip",
    "CreateWebhook",
    "DeletedWebhook",
    "DeletedWebhookEnvelope",
    "ErrorDetail",
    "ErrorDetailItemsItem",
    "EventActor",
    "EventAuthentication",
    "EventTypeDescription",
    "EventTypeDescriptionExample",
    "EventTypes",
    "EventTypesEnvelope",
    "Failure",
    "FieldError",
    "Finding",
    "FindingCode",
    "FindingPage",
    "FindingPageEnvelope",
    "FindingRemedy",
    "FindingSeverity",
    "FleetCounts",
    "FleetLine",
    "FleetStatus",
    "FleetStatusEnvelope",
    "FollowChangesView",
    "Invoice",
    "InvoiceBatchItem",
    "InvoiceBatchResult",
    "InvoiceBatchResultEnvelope",
    "InvoiceClient",
    "InvoiceEnvelope",
    "InvoicePage",
    "InvoicePageEnvelope",
    "InvoiceStatus",
    "LineItem",
    "ListAuditEventsAction",
    "ListAuditEventsOutcome",
    "ListDeliveriesStatus",
    "ListDeliveriesType",
    "ListFindingsCode",
    "ListFindingsSeverity",
    "ListTripsSort",
    "ListWebhooksStatus",
    "NewInvoiceClient",
    "NewLineItem",
    "Outcome",
    "PayInvoice",
    "Payment",
    "PaymentPage",
    "PaymentPageEnvelope",
    "RecoveredEvents",
    "RecoveredEventsEnvelope",
    "RecoverWebhook",
    "Report",
    "ReportEnvelope",
    "Reporter",
    "ReportMonthCount",
    "ReportPage",
    "ReportPageEnvelope",
    "ReportSeverity",
    "ReportStatus",
    "ReportSummary",
    "ReportSummaryByStatus",
    "ReportSummaryByType",
    "ReportSummaryEnvelope",
    "ReportType",
    "ResendDeliveryBody",
    "ResentDelivery",
    "ResentDeliveryEnvelope",
    "Role",
    "RotateWebhookSecret",
    "Scope",
    "SendInvoiceBody",
    "Target",
    "TestedWebhook",
    "TestedWebhookEnvelope",
    "TestWebhook",
    "Trip",
    "TripBatchItem",
    "TripBatchResult",
    "TripBatchResultEnvelope",
    "TripEnvelope",
    "TripPage",
    "TripPageEnvelope",
    "TripStatus",
    "TripType",
    "UpdateAircraft",
    "UpdateInvoice",
    "UpdateReport",
    "UpdateTrip",
    "UpdateWebhook",
    "UpsertAircraft",
    "UpsertAircraftBatch",
    "UpsertInvoice",
    "UpsertInvoiceBatch",
    "UpsertTrip",
    "UpsertTripBatch",
    "VoidInvoice",
    "Webhook",
    "WebhookAttempt",
    "WebhookAttemptSummary",
    "WebhookBacklog",
    "WebhookCreator",
    "WebhookDeliveredType",
    "WebhookDelivery",
    "WebhookDeliveryDetails",
    "WebhookDeliveryDetailsEnvelope",
    "WebhookDeliveryDetailsPayloadType0",
    "WebhookDeliveryPage",
    "WebhookDeliveryPageEnvelope",
    "WebhookDeliveryStatus",
    "WebhookEnvelope",
    "WebhookEventPattern",
    "WebhookEvents",
    "WebhookEventsEnvelope",
    "WebhookEventsItemsItem",
    "WebhookHeader",
    "WebhookHealth",
    "WebhookPage",
    "WebhookPageEnvelope",
    "WebhookRequest",
    "WebhookResponse",
    "WebhookSchedule",
    "WebhookStatus",
    "WebhookWithSecret",
    "WebhookWithSecretEnvelope",
    "WhoAmIEnvelope",
    "WhoAmIType0",
    "WhoAmIType0Type",
    "WhoAmIType1",
    "WhoAmIType1Type",
    "Workspace",
)
