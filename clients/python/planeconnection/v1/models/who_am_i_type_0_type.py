from ..._words import Word


class WhoAmIType0Type(Word):
    API_KEY = "api_key"
