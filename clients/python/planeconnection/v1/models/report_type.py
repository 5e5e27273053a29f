from ..._words import Word


class ReportType(Word):
    AUDIT_FINDING = "audit_finding"
    CONCERN = "concern"
    HAZARD = "hazard"
    INCIDENT = "incident"
    NEAR_MISS = "near_miss"
    OBSERVATION = "observation"
