from ..._words import Word


class ListFindingsSeverity(Word):
    CRITICAL = "critical"
    INFO = "info"
    WARNING = "warning"
