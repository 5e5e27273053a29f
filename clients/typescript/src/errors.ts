/** Failures of the API as errors. */

import type { ErrorDetail, FieldError } from "./generated/schema.js";

/** A response that reports a failure. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** For programs; empty if a proxy answered in place of the API. */
  readonly code: string;
  /** Names the request in the logs of the server. */
  readonly requestId: string;
  /** The fields that need another value. */
  readonly fields: readonly FieldError[];

  constructor(
    readonly status: number,
    /** The object `error` of the response, with all its fields. */
    readonly detail: ErrorDetail,
    /** The seconds that the server asks to wait. */
    readonly retryAfter: number | null,
  ) {
    const fields = Array.isArray(detail.fields) ? detail.fields : [];
    const reasons = [detail.message, ...fields.map(({ field, message }) => `${field} ${message}`)].join("; ");
    super(`${status} ${detail.code}: ${reasons} (request ${detail.requestId || "without id"})`);
    this.code = detail.code;
    this.requestId = detail.requestId;
    this.fields = fields;
  }

  /** Reads a response with a failure. */
  static from(response: Response, text: string, retryAfter: number | null): ApiError {
    const unknown = { code: "", message: response.statusText, requestId: response.headers.get("X-Request-Id") ?? "" };
    return new ApiError(response.status, { ...unknown, ...errorOf(text) }, retryAfter);
  }
}

function errorOf(text: string): Partial<ErrorDetail> {
  try {
    const { error } = JSON.parse(text) as { error?: unknown };
    return typeof error === "object" && error !== null ? error : {};
  } catch {
    return {};
  }
}
