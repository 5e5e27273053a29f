from ..._words import Word


class WebhookStatus(Word):
    ACTIVE = "active"
    DISABLED = "disabled"
    FAILING = "failing"
    INACTIVE = "inactive"
