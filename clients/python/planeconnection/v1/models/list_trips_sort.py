from ..._words import Word


class ListTripsSort(Word):
    CREATED_AT = "created_at"
    DEPARTURE_DATE = "departure_date"
    UPDATED_AT = "updated_at"
    VALUE_1 = "-departure_date"
    VALUE_3 = "-updated_at"
    VALUE_5 = "-created_at"
