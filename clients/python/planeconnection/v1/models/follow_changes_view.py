from ..._words import Word


class FollowChangesView(Word):
    FULL = "full"
    IDS = "ids"
