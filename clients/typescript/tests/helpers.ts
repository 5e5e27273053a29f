/** A server of the test, and the key. */

import type { FieldError } from "planeconnection";
import { Client, type Repetition, type Retry } from "planeconnection";

export const KEY = "pck_0123456789012345678901234567890123456z";
export const QUICK: Retry = { totalMs: 5_000, firstPauseMs: 10, longestPauseMs: 20 };
export const NEW_TRIP = {
  tripType: "charter",
  origin: "KTEB",
  destination: "KMIA",
  departureDate: "2027-04-01T10:00:00Z",
} as const;

/** An answer, or the reason why there is none. */
export type Reply = (() => Response) | Error;

export function success(data: unknown = { id: "trip_1" }, status = 200): Reply {
  return () => new Response(JSON.stringify({ success: true, data }), { status });
}

export function failure(status: number, code: string, headers: Record<string, string> = {}, fields?: FieldError[]): Reply {
  const error = { code, message: "Do this.", requestId: "req_1", ...(fields && { fields }) };
  return () => new Response(JSON.stringify({ success: false, error }), { status, headers });
}

/** Answers in place of a server, in this order, and keeps the requests. */
export class Server {
  readonly requests: Request[] = [];
  readonly repetitions: Repetition[] = [];
  readonly #replies: Reply[];

  constructor(...replies: Reply[]) {
    this.#replies = replies;
  }

  client(retry: Retry = QUICK): Client {
    const answer: typeof fetch = async (input, init) => {
      this.requests.push(new Request(input, init));
      const reply = this.#replies.shift();
      if (reply === undefined) throw new RangeError("no reply is left");
      if (reply instanceof Error) throw reply;
      return reply();
    };
    const onRepeat = (repetition: Repetition) => this.repetitions.push(repetition);
    return new Client("https://planes.example", KEY, { retry, onRepeat, fetch: answer });
  }

  /** The values of a header in all requests. */
  values(header: string): (string | null)[] {
    return this.requests.map((request) => request.headers.get(header));
  }
}
