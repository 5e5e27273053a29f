from ..._words import Word


class WebhookDeliveryStatus(Word):
    CANCELED = "canceled"
    DELIVERED = "delivered"
    FAILED = "failed"
    PENDING = "pending"
