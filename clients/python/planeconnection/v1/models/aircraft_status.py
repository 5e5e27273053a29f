from ..._words import Word


class AircraftStatus(Word):
    ACTIVE = "active"
    AOG = "aog"
    MAINTENANCE = "maintenance"
    RETIRED = "retired"
    SOLD = "sold"
    STORAGE = "storage"
