"""Repeated requests, failures and secrets, without a server: python3 -m unittest discover tests"""

import asyncio
import logging
import pickle
import time
import unittest
from collections.abc import Callable
from datetime import UTC, datetime

import httpx

from planeconnection import ApiError, Client, FieldError, Retry, changed_object, data, rows
from planeconnection.v1.api.invoices import record_payment, send_invoice
from planeconnection.v1.api.trips import create_trip, get_trip, list_trips, put_trip_by_external_id, update_trip
from planeconnection.v1.models import Change, CreateTrip, PayInvoice, Trip, TripStatus, TripType, UpdateTrip
from planeconnection.v1.types import UNSET

KEY = "pck_0123456789012345678901234567890123456z"
QUICK = Retry(total=5.0, first_pause=0.01, longest_pause=0.02)
TRIP = {
    "id": "trip_1", "externalId": None, "tripType": "charter", "status": "draft", "origin": "KTEB", "originName": None,
    "destination": "KMIA", "destinationName": None, "departureDate": "2027-04-01T10:00:00Z", "arrivalDate": None,
    "aircraftId": None, "passengerCount": 0, "notes": None, "createdAt": "2026-11-23T09:30:00Z",
    "updatedAt": "2026-11-23T09:30:00Z",
}  # fmt: skip
NEW_TRIP = CreateTrip(TripType.CHARTER, "KTEB", "KMIA", datetime(2027, 4, 1, 10, tzinfo=UTC))

Answer = httpx.Response | Exception


def success(body: object = TRIP, status: int = 200) -> httpx.Response:
    return httpx.Response(status, json={"success": True, "data": body})


def failure(status: int, code: str, headers: dict[str, str] | None = None, **more: object) -> httpx.Response:
    error = {"code": code, "message": "Do this.", "requestId": "req_1", **more}
    return httpx.Response(status, json={"success": False, "error": error}, headers=headers)


class Server:
    """Answers in place of a server, in this order, and keeps the requests."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def client(self, retry: Retry = QUICK) -> Client:
        transport = httpx.MockTransport(self)
        return Client("https://planes.example", KEY, retry=retry, transport=transport, async_transport=transport)


class Retries(unittest.TestCase):
    def assert_attempts(self, count: int, server: Server, call: Callable[[Client], object], *, fails: bool) -> None:
        client = server.client()
        if fails:
            with self.assertRaises((ApiError, httpx.HTTPError)):
                call(client)
        else:
            call(client)
        self.assertEqual(len(server.requests), count)

    def test_safe_calls_are_repeated_after_faults_that_pass(self) -> None:
        lost: list[Answer] = [
            httpx.ConnectError("refused"),
            httpx.ReadTimeout("slow"),
            httpx.RemoteProtocolError("closed"),
        ]
        faults = lost + [failure(status, "X") for status in (408, 429, 500, 502, 503, 504, 507)]
        for call in (
            lambda client: get_trip.sync("trip_1", client=client),
            lambda client: put_trip_by_external_id.sync("FOS-1", client=client, body=NEW_TRIP),
            lambda client: update_trip.sync("trip_1", client=client, body=UpdateTrip(notes="x")),
            lambda client: create_trip.sync(client=client, body=NEW_TRIP),
        ):
            for fault in faults:
                self.assert_attempts(2, Server(fault, success()), call, fails=False)

    def test_failures_of_the_request_are_not_repeated(self) -> None:
        for status in (301, 400, 401, 403, 404, 409, 412, 413, 422):
            server = Server(failure(status, "X"))
            self.assert_attempts(1, server, lambda client: get_trip.sync("trip_1", client=client), fails=True)

    def test_post_without_an_idempotency_key_is_sent_once(self) -> None:
        for fault in (httpx.ReadTimeout("slow"), failure(503, "UNAVAILABLE"), failure(429, "RATE_LIMITED")):
            server = Server(fault)
            self.assert_attempts(1, server, lambda client: send_invoice.sync("inv_1", client=client), fails=True)
            self.assertNotIn("Idempotency-Key", server.requests[0].headers)

    def test_attempts_share_an_idempotency_key_and_calls_do_not(self) -> None:
        lost = [httpx.ReadTimeout("slow"), httpx.ConnectError("refused"), httpx.RemoteProtocolError("closed")]
        server = Server(*lost, success(status=201), success(status=201))
        client = server.client()
        create_trip.sync(client=client, body=NEW_TRIP)
        create_trip.sync(client=client, body=NEW_TRIP)
        keys = [request.headers["Idempotency-Key"] for request in server.requests]
        self.assertEqual(len(set(keys[:4])), 1)
        self.assertNotEqual(keys[0], keys[4])

    def test_own_idempotency_key_is_kept(self) -> None:
        server = Server(httpx.ReadTimeout("slow"), failure(404, "NOT_FOUND"))
        with self.assertRaises(ApiError):
            body = PayInvoice(amount=1, reference="WIRE-1")
            record_payment.sync("inv_1", client=server.client(), body=body, idempotency_key="payment-1")
        self.assertEqual([request.headers["Idempotency-Key"] for request in server.requests], ["payment-1"] * 2)

    def test_retry_after_is_waited_for(self) -> None:
        server = Server(failure(429, "RATE_LIMITED", {"Retry-After": "1"}), success())
        begun = time.monotonic()
        get_trip.sync("trip_1", client=server.client())
        self.assertGreaterEqual(time.monotonic() - begun, 1.0)

    def test_retry_after_beyond_the_limit_fails_at_once(self) -> None:
        for value in ("6", "Fri, 31 Dec 9999 00:00:00 GMT"):
            server = Server(failure(429, "RATE_LIMITED", {"Retry-After": value}))
            begun = time.monotonic()
            with self.assertRaises(ApiError) as raised:
                get_trip.sync("trip_1", client=server.client())
            self.assertLess(time.monotonic() - begun, 1.0)
            self.assertGreaterEqual(raised.exception.retry_after or 0.0, 6.0)

    def test_total_time_is_bounded(self) -> None:
        server = Server(*[httpx.ConnectError("refused") for _ in range(1000)])
        begun = time.monotonic()
        with self.assertRaises(httpx.ConnectError):
            get_trip.sync("trip_1", client=server.client(Retry(total=0.5, first_pause=0.01, longest_pause=0.1)))
        self.assertLess(time.monotonic() - begun, 0.6)
        self.assertGreater(len(server.requests), 4)

    def test_asyncio_has_the_same_rules(self) -> None:
        async def run(server: Server) -> object:
            async with server.client() as client:
                return await create_trip.asyncio(client=client, body=NEW_TRIP)

        server = Server(httpx.ReadTimeout("slow"), failure(503, "UNAVAILABLE"), success(status=201))
        asyncio.run(run(server))
        self.assertEqual(len({request.headers["Idempotency-Key"] for request in server.requests}), 1)
        self.assertEqual(len(server.requests), 3)
        with self.assertRaises(ApiError):
            asyncio.run(run(Server(failure(409, "CONFLICT"))))


class Requests(unittest.TestCase):
    def test_parameter_stays_one_segment_of_the_path(self) -> None:
        server = Server(success(), success())
        client = server.client()
        put_trip_by_external_id.sync("FOS/1 ?#%", client=client, body=NEW_TRIP)
        self.assertEqual(server.requests[0].url.raw_path, b"/api/v1/ops/trips/by-external-id/FOS%2F1%20%3F%23%25")
        for external_id in ("", ".", ".."):
            with self.assertRaises(ValueError):
                put_trip_by_external_id.sync(external_id, client=client, body=NEW_TRIP)
        self.assertEqual(len(server.requests), 1)

    def test_address_can_have_a_path(self) -> None:
        server = Server(success())
        client = Client("https://planes.example/sub/", KEY, transport=httpx.MockTransport(server))
        get_trip.sync("trip_1", client=client)
        self.assertEqual(str(server.requests[0].url), "https://planes.example/sub/api/v1/ops/trips/trip_1")


class Responses(unittest.TestCase):
    def test_failure_names_the_code_and_the_fields(self) -> None:
        faults = [{"field": "origin", "message": "must be an ICAO code"}]
        server = Server(failure(400, "INVALID_REQUEST", fields=faults))
        with self.assertRaises(ApiError) as raised:
            get_trip.sync("trip_1", client=server.client())
        error = raised.exception
        self.assertEqual((error.status, error.code, error.request_id), (400, "INVALID_REQUEST", "req_1"))
        self.assertEqual(error.fields, [FieldError("origin", "must be an ICAO code")])
        self.assertIn("origin must be an ICAO code", str(error))
        self.assertEqual(str(pickle.loads(pickle.dumps(error))), str(error))

    def test_failure_of_a_proxy_has_no_code(self) -> None:
        for body in (b"<h1>Bad Gateway</h1>", b"[]", b'{"error": null}', b"\xff"):
            server = Server(httpx.Response(404, content=body))
            with self.assertRaises(ApiError) as raised:
                get_trip.sync("trip_1", client=server.client())
            self.assertEqual((raised.exception.status, raised.exception.code), (404, ""))

    def test_unchanged_object_has_no_data(self) -> None:
        server = Server(httpx.Response(304))
        self.assertIsNone(get_trip.sync("trip_1", client=server.client(), if_none_match='"1"'))
        with self.assertRaises(ValueError):
            data(None)

    def test_unknown_words_and_fields_are_kept(self) -> None:
        server = Server(success({**TRIP, "status": "boarding", "gate": "4"}))
        trip = data(get_trip.sync("trip_1", client=server.client()))
        self.assertEqual((trip.status, trip.status.value, str(trip.status)), ("boarding",) * 3)
        self.assertNotIn(trip.status, list(TripStatus))
        self.assertEqual(trip.to_dict()["status"], "boarding")
        self.assertEqual(trip["gate"], "4")
        self.assertIs(TripStatus("draft"), TripStatus.DRAFT)

    def test_list_is_read_to_its_end_by_cursor(self) -> None:
        page = {"total": None, "page": None, "per_page": 100, "total_pages": None}
        first, second = {**TRIP, "id": "trip_1"}, {**TRIP, "id": "trip_2"}
        pages = [{**page, "items": [first], "next_cursor": "c1"}, {**page, "items": [second], "next_cursor": None}]
        server = Server(*[success(page) for page in pages])
        found = [trip.id for trip in rows(list_trips.sync, client=server.client(), status=TripStatus.DRAFT, page=UNSET)]
        self.assertEqual(found, ["trip_1", "trip_2"])
        queries = [dict(request.url.params) for request in server.requests]
        self.assertEqual(queries[0], {"status": "draft", "page_size": "100"})
        self.assertEqual(queries[1], {"status": "draft", "page_size": "100", "cursor": "c1"})

    def test_changed_object_is_of_the_type_of_its_module(self) -> None:
        change = {"sequence": 1, "occurredAt": "2026-11-23T09:30:00Z", "change": "updated", "id": "trip_1"}
        trip = changed_object(Change.from_dict({**change, "module": "trips", "object": TRIP}))
        self.assertIsInstance(trip, Trip)
        self.assertEqual(
            changed_object(Change.from_dict({**change, "module": "crew", "object": {"id": "1"}})), {"id": "1"}
        )
        self.assertIsNone(changed_object(Change.from_dict({**change, "module": "trips", "object": None})))


class Secrets(unittest.TestCase):
    def test_key_is_sent_and_shown_nowhere(self) -> None:
        server = Server(httpx.ReadTimeout("slow"), success(), failure(404, "NOT_FOUND"))
        client = server.client()
        with self.assertLogs(level=logging.DEBUG) as logs:
            get_trip.sync("trip_1", client=client)
            with self.assertRaises(ApiError) as raised:
                get_trip.sync("trip_1", client=client)
        self.assertEqual(server.requests[0].headers["Authorization"], f"Bearer {KEY}")
        sender = client.get_httpx_client()
        shown = [repr(client), str(client), repr(sender), repr(sender.http.headers), repr(vars(client))]
        shown += [str(raised.exception), repr(raised.exception), repr(server.requests[0].headers), *logs.output]
        for text in shown:
            self.assertNotIn(KEY, text)
        self.assertIn("attempt 2 follows", "".join(logs.output))

    def test_malformed_key_is_refused_and_not_repeated(self) -> None:
        for key in ("", "pck_with blank", "pck_with\nline", "pck_ä"):
            with self.assertRaises(ValueError) as raised:
                Client("https://planes.example", key)
            self.assertNotIn("pck_", str(raised.exception))

    def test_key_is_sent_in_the_clear_only_to_this_machine(self) -> None:
        for url in (
            "http://localhost:8080",
            "http://127.0.0.1:8080/",
            "http://[::1]:8080",
            "https://planes.example/sub/",
        ):
            Client(url, KEY).close()
        for url in (
            "http://planes.example",
            "http://10.0.0.1",
            "http://localhost.example",
            "ftp://localhost",
            "planes.example",
        ):
            with self.assertRaises(ValueError):
                Client(url, KEY)
        for url in ("https://user:password@planes.example", "https://planes.example?a=b", ""):
            with self.assertRaises(ValueError):
                Client(url, KEY)

    def test_redirect_is_not_followed(self) -> None:
        server = Server(httpx.Response(307, headers={"Location": "https://elsewhere.example/"}))
        with self.assertRaises(ApiError):
            get_trip.sync("trip_1", client=server.client())
        self.assertEqual([request.url.host for request in server.requests], ["planes.example"])


if __name__ == "__main__":
    unittest.main()
