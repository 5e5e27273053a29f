from ..._words import Word


class FindingCode(Word):
    CHAIN_BROKEN = "chain_broken"
    KEY_EVERYWHERE = "key_everywhere"
    KEY_EXCESS = "key_excess"
    KEY_EXPIRING = "key_expiring"
    KEY_NO_EXPIRY = "key_no_expiry"
    KEY_OLD = "key_old"
    KEY_ORPHANED = "key_orphaned"
    KEY_REVOKED_CALLS = "key_revoked_calls"
    KEY_UNUSED = "key_unused"
    MEMBER_NO_SECOND_FACTOR = "member_no_second_factor"
    OWNER_ALONE = "owner_alone"
    ROTATION_BLOCKED = "rotation_blocked"
    UNUSUAL = "unusual"
    WEBHOOK_DISABLED = "webhook_disabled"
    WEBHOOK_FAILING = "webhook_failing"
