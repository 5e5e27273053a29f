from ..._words import Word


class ChangedModule(Word):
    FLEET = "fleet"
    INVOICES = "invoices"
    SAFETY = "safety"
    SANDBOX = "sandbox"
    TRIPS = "trips"
