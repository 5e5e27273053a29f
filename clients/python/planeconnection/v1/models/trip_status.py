from ..._words import Word


class TripStatus(Word):
    ACTIVE = "active"
    CANCELLED = "cancelled"
    CLOSE_OUT = "close_out"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    DISPATCHED = "dispatched"
    DRAFT = "draft"
    FILED = "filed"
    QUOTED = "quoted"
    RELEASED = "released"
    REQUESTED = "requested"
    SCHEDULED = "scheduled"
