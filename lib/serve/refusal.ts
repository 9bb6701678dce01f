/**
 * Error responses.
 *
 * @module
 */

/** What a refusal says beside its message. */
export interface RefusalOptions {
  /** Further headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** What metrics count it as; by default its status says enough. */
  readonly reason?: string;
}

/** A request is answered with an error; the message is for the client. */
export class Refusal extends Error {
  /** Always `"Refusal"`. */
  override readonly name = "Refusal";
  /** The HTTP status. */
  readonly status: number;
  /** What metrics count it as. */
  readonly reason: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** Makes one. */
  constructor(status: number, message: string, { headers = {}, reason = String(status) }: RefusalOptions = {}) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.#headers = headers;
  }

  /** The answer. */
  response(): Response {
    return Response.json({ error: this.message }, { status: this.status, headers: this.#headers });
  }
}

/** It is too much just now, or too late. */
export function busy(reason: string, message: string): Refusal {
  return new Refusal(503, `Cannot classify just now: ${message}`, { headers: { "retry-after": "1" }, reason });
}
