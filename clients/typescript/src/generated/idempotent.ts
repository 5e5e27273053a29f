// Made by cargo xtask clients; do not edit.

/** The calls with POST that take an `Idempotency-Key`. */
export const IDEMPOTENT: readonly string[] = [
  "/api/v1/ops/aircraft",
  "/api/v1/ops/invoices",
  "/api/v1/ops/invoices/{id}/payments",
  "/api/v1/ops/trips",
  "/api/v1/sms/reports",
  "/api/v1/webhooks",
];
