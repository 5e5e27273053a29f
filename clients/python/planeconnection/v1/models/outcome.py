from ..._words import Word


class Outcome(Word):
    DENIED = "denied"
    SUCCESS = "success"
