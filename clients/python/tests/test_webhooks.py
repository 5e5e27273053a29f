"""Signatures of webhooks: python3 -m unittest discover tests"""

import json
import os
import time
import unittest
from pathlib import Path

from planeconnection import WebhookVerificationError, verify_webhook

VECTORS = json.loads(
    Path(os.environ.get("WEBHOOK_VECTORS", Path(__file__).parents[2] / "webhook-vectors.json")).read_text()
)
SECRET = "a secret that is long enough"


class Webhooks(unittest.TestCase):
    def test_vectors(self) -> None:
        self.assertGreater(sum(vector["valid"] for vector in VECTORS), 5)
        for vector in VECTORS:
            with self.subTest(vector["name"]):
                body = vector["body"].encode()
                if vector["valid"]:
                    event = verify_webhook(vector["headers"], body, vector["secrets"], now=vector["now"])
                    self.assertEqual(event, json.loads(body))
                else:
                    with self.assertRaises(WebhookVerificationError):
                        verify_webhook(vector["headers"], body, vector["secrets"], now=vector["now"])

    def test_time_is_that_of_the_clock(self) -> None:
        vector = VECTORS[0]
        self.assertGreater(abs(time.time() - vector["now"]), 300)
        with self.assertRaises(WebhookVerificationError):
            verify_webhook(vector["headers"], vector["body"].encode(), vector["secrets"])

    def test_one_secret_needs_no_list(self) -> None:
        vector = VECTORS[0]
        verify_webhook(vector["headers"], vector["body"].encode(), vector["secrets"][0], now=vector["now"])

    def test_unusable_secret_is_an_error_of_the_receiver(self) -> None:
        vector = VECTORS[0]
        for secrets in ([], "", "short", "whsec_", "whsec_not/base64/but/of/the/right/length!", [SECRET, "whsec_"]):
            with self.subTest(secrets), self.assertRaises(ValueError) as raised:
                verify_webhook(vector["headers"], vector["body"].encode(), secrets, now=vector["now"])
            self.assertNotIsInstance(raised.exception, WebhookVerificationError)


if __name__ == "__main__":
    unittest.main()
