from ..._words import Word


class ListWebhooksStatus(Word):
    ACTIVE = "active"
    DISABLED = "disabled"
    FAILING = "failing"
    INACTIVE = "inactive"
