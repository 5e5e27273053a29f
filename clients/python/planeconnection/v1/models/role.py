from ..._words import Word


class Role(Word):
    ACCOUNT_OWNER = "account_owner"
    ADMIN = "admin"
    AUDITOR = "auditor"
    DISPATCHER = "dispatcher"
    PILOT = "pilot"
    SAFETY_MANAGER = "safety_manager"
