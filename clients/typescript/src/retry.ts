/** The rules by which a request is repeated. */

/** Limits for repeating a request, in milliseconds. */
export interface Retry {
  /** No attempt begins later than this after the first one; 60,000 if left out. */
  totalMs?: number;
  /** The longest first pause; it doubles with every attempt. 500 if left out. */
  firstPauseMs?: number;
  /** The longest pause, unless the server asks for a longer one; 20,000 if left out. */
  longestPauseMs?: number;
}

/** A request that is about to be repeated. */
export interface Repetition {
  method: string;
  path: string;
  /** The status of the response, or null if there was none. */
  status: number | null;
  pauseMs: number;
}

// These can be repeated as they are. A POST can be if the server knows it again by its Idempotency-Key.
const REPEATABLE_METHODS: readonly string[] = ["GET", "PUT", "PATCH", "DELETE"];
const REPEATABLE_STATUSES: readonly number[] = [408, 429, 500, 502, 503, 504, 507];

/** The attempts of one request. */
export class Attempts {
  readonly #deadline: number;
  readonly #firstPause: number;
  readonly #longestPause: number;
  readonly #isRepeatable: boolean;
  #count = 0;

  constructor(retry: Retry, method: string, hasIdempotencyKey: boolean) {
    this.#deadline = performance.now() + (retry.totalMs ?? 60_000);
    this.#firstPause = retry.firstPauseMs ?? 500;
    this.#longestPause = retry.longestPauseMs ?? 20_000;
    this.#isRepeatable = REPEATABLE_METHODS.includes(method) || (method === "POST" && hasIdempotencyKey);
  }

  /** Returns the milliseconds until the attempt after one without an answer, or null if there is none. */
  pauseAfterError(): number | null {
    return this.#pause(0);
  }

  /** Returns the milliseconds until the attempt after a failure, or null if there is none. */
  pauseAfterFailure(response: Response): number | null {
    return REPEATABLE_STATUSES.includes(response.status) ? this.#pause((retryAfter(response) ?? 0) * 1000) : null;
  }

  #pause(atLeast: number): number | null {
    const longest = Math.min(this.#firstPause * 2 ** this.#count, this.#longestPause);
    this.#count += 1;
    // Clients that were refused together come back at different times.
    const pause = atLeast + longest * (0.5 + Math.random() / 2);
    return this.#isRepeatable && performance.now() + pause <= this.#deadline ? pause : null;
  }
}

/** Returns the seconds that the server asks to wait. A proxy may send a date in their place. */
export function retryAfter(response: Response): number | null {
  const value = response.headers.get("Retry-After")?.trim() ?? "";
  if (/^[0-9]+$/.test(value)) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, (date - Date.now()) / 1000);
}
