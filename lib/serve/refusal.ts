/**
 * Answers that are no result.
 *
 * @module
 */

/** A request is answered with an error; the message is for the client. */
export class Refusal extends Error {
  /** Always `"Refusal"`. */
  override readonly name = "Refusal";
  /** The HTTP status. */
  readonly status: number;
  /** Further headers. */
  readonly headers: Readonly<Record<string, string>>;

  /** Makes one; `headers` are added to the answer's. */
  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }

  /** The answer. */
  response(): Response {
    return Response.json({ error: this.message }, { status: this.status, headers: this.headers });
  }
}
