from ..._words import Word


class InvoiceStatus(Word):
    DRAFT = "draft"
    OVERDUE = "overdue"
    PAID = "paid"
    SENT = "sent"
    VOID = "void"
