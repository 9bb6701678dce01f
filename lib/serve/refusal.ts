/**
 * Error responses.
 *
 * @module
 */

/** Options of a {@linkcode Refusal}. */
export interface RefusalOptions {
  /** Additional headers. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Reason under which metrics count it. Default: its status. */
  readonly reason?: string;
}

/** An error response; the message is sent to the client. */
export class Refusal extends Error {
  /** Always `"Refusal"`. */
  override readonly name = "Refusal";
  /** The HTTP status. */
  readonly status: number;
  /** Reason under which metrics count it. */
  readonly reason: string;
  readonly #headers: Readonly<Record<string, string>>;

  /** Creates an error response. */
  constructor(status: number, message: string, { headers = {}, reason = String(status) }: RefusalOptions = {}) {
    super(message);
    this.status = status;
    this.reason = reason;
    this.#headers = headers;
  }

  /** The HTTP response. */
  response(): Response {
    return Response.json({ error: this.message }, { status: this.status, headers: this.#headers });
  }
}

/** The error response of an overloaded server or a timeout. */
export function busy(reason: string, message: string): Refusal {
  return new Refusal(503, `Cannot classify just now: ${message}`, { headers: { "retry-after": "1" }, reason });
}
