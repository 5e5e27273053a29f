from ..._words import Word


class WebhookBacklog(Word):
    DELIVER = "deliver"
    SKIP = "skip"
