from ..._words import Word


class WebhookSchedule(Word):
    EXTENDED = "extended"
    STANDARD = "standard"
