from ..._words import Word


class ReportSeverity(Word):
    CATASTROPHIC = "catastrophic"
    HAZARDOUS = "hazardous"
    MAJOR = "major"
    MINOR = "minor"
    NEGLIGIBLE = "negligible"
