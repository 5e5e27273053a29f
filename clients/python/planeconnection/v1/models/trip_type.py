from ..._words import Word


class TripType(Word):
    CHARTER = "charter"
    MAINTENANCE = "maintenance"
    OWNER = "owner"
    POSITIONING = "positioning"
    TRAINING = "training"
