from ..._words import Word


class ReportStatus(Word):
    CLOSED = "closed"
    CORRECTIVE_ACTION = "corrective_action"
    SUBMITTED = "submitted"
    UNDER_REVIEW = "under_review"
