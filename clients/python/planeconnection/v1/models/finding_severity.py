from ..._words import Word


class FindingSeverity(Word):
    CRITICAL = "critical"
    INFO = "info"
    WARNING = "warning"
