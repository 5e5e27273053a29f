"""Bills through a proxy that loses answers, and finds each invoice and payment once.

PLANECONNECTION_URL=… PLANECONNECTION_KEY=… python3 tests/invoices.py, with a key with `invoices:write`
"""

import http.client
import os
import threading
import uuid
from collections import Counter
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from planeconnection import Client, Retry, data, rows
from planeconnection.v1.api.invoices import create_invoice, list_invoices, list_payments, record_payment, send_invoice
from planeconnection.v1.models import CreateInvoice, NewInvoiceClient, NewLineItem, PayInvoice

URL, KEY = os.environ["PLANECONNECTION_URL"], os.environ["PLANECONNECTION_KEY"]
NODE = urlsplit(URL).netloc
INVOICES = 24
PRICE = 185_000


class Proxy(BaseHTTPRequestHandler):
    """Passes each request on. The answer to the first attempt with an Idempotency-Key does not arrive."""

    protocol_version = "HTTP/1.1"
    attempts: Counter[str] = Counter()

    def do_GET(self) -> None:
        status, body = self.forward(None)
        self.answer(status, body)

    def do_POST(self) -> None:
        status, body = self.forward(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        key = self.headers.get("Idempotency-Key", "")
        self.attempts[key] += 1
        if not key or self.attempts[key] > 1:
            return self.answer(status, body)
        assert status == 201, body
        fault = len(self.attempts) % 3
        if fault == 0:
            self.answer(502, b"<h1>Bad Gateway</h1>")
        elif fault == 1:
            self.answer(status, body, sent=len(body) // 2)
        self.close_connection = True

    def forward(self, body: bytes | None) -> tuple[int, bytes]:
        """Sends the request to the node, and reads the whole answer."""
        names = ("Authorization", "Content-Type", "Idempotency-Key")
        headers = {name: self.headers[name] for name in names if name in self.headers}
        connection = http.client.HTTPConnection(NODE, timeout=60)
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        return response.status, answer

    def answer(self, status: int, body: bytes, sent: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[:sent])

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    run = uuid.uuid4().hex[:8]
    retry = Retry(first_pause=0.05)
    created = {}
    with Client(f"http://127.0.0.1:{server.server_port}", KEY, retry=retry) as client:
        for number in range(INVOICES):
            # Without an id of one's own, nothing but the Idempotency-Key keeps the server from billing twice.
            line = NewLineItem(description=f"{run} flight {number}", quantity="1", unit_price=PRICE)
            billed = NewInvoiceClient(name="Northwind Capital", email="billing@northwind.example")
            body = CreateInvoice(client=billed, currency="USD", line_items=[line], due_date=date(2030, 1, 15))
            invoice = data(create_invoice.sync(client=client, body=body))
            created[line.description] = invoice.id
        paid = next(iter(created.values()))
        data(send_invoice.sync(paid, client=client))
        data(record_payment.sync(paid, client=client, body=PayInvoice(amount=PRICE // 2, reference="WIRE-1")))
    server.shutdown()
    assert list(Proxy.attempts.values()).count(2) == INVOICES + 1, Proxy.attempts
    with Client(URL, KEY) as client:
        found = [invoice for invoice in rows(list_invoices.sync, client=client)]
        lines = [(line.description, invoice.id) for invoice in found for line in invoice.line_items]
        billed_lines = sorted(line for line in lines if line[0].startswith(run))
        assert billed_lines == sorted(created.items()), (len(billed_lines), "invoices for", INVOICES, "flights")
        payments = list(rows(list_payments.sync, paid, client=client))
        assert [payment.amount for payment in payments] == [PRICE // 2], payments
    print(f"{INVOICES} invoices and a payment, each once, although every first answer was lost")


if __name__ == "__main__":
    main()
