from ..._words import Word


class Confidentiality(Word):
    ANONYMOUS = "anonymous"
    CONFIDENTIAL = "confidential"
    STANDARD = "standard"
