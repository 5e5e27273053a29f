"""Words of the API, such as the status of a trip."""

from enum import StrEnum
from typing import Self


class Word(StrEnum):
    """A word of a list that may grow. One that this version does not know is a member without a name of its own."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = member._value_ = value
        return member
