from ..._words import Word


class AuthMethod(Word):
    BACKUP_CODE = "backup_code"
    PASSKEY = "passkey"
    PASSWORD = "password"
    RESET_CODE = "reset_code"
    TOTP = "totp"
