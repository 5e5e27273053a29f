from ..._words import Word


class ListAuditEventsOutcome(Word):
    DENIED = "denied"
    SUCCESS = "success"
