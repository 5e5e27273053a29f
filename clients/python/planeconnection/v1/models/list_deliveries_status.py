from ..._words import Word


class ListDeliveriesStatus(Word):
    CANCELED = "canceled"
    DELIVERED = "delivered"
    FAILED = "failed"
    PENDING = "pending"
