from ..._words import Word


class WhoAmIType1Type(Word):
    MEMBER = "member"
