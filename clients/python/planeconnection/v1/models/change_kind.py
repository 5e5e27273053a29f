from ..._words import Word


class ChangeKind(Word):
    CREATED = "created"
    RESET = "reset"
    UPDATED = "updated"
