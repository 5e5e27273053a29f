from ..._words import Word


class Scope(Word):
    AUDITREAD = "audit:read"
    FLEETREAD = "fleet:read"
    FLEETWRITE = "fleet:write"
    INVOICESREAD = "invoices:read"
    INVOICESWRITE = "invoices:write"
    SAFETYREAD = "safety:read"
    SAFETYWRITE = "safety:write"
    TRIPSREAD = "trips:read"
    TRIPSWRITE = "trips:write"
    WEBHOOKSREAD = "webhooks:read"
    WEBHOOKSWRITE = "webhooks:write"
