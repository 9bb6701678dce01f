/**
 * Who sends a request: what limits for each client are counted by.
 *
 * @module
 */

/**
 * The client's address; of IPv6, the network's 64 bits, for whoever has one address there has them all.
 *
 * @param address The peer's.
 * @param forwarded What a trusted reverse proxy says in `X-Forwarded-For`; it appends the address that it saw.
 */
export function clientOf(address: string, forwarded?: string | null): string {
  const seen = (forwarded ?? "").split(",").pop()!.trim() || address;
  const plain = seen.replace(/^::ffff:(?=\d+\.)/i, "").replace(/^\[(.*)\].*$/, "$1").replace(/^([\d.]+):\d+$/, "$1");
  if (!plain.includes(":")) return plain;
  const [head, tail] = plain.split("::");
  const groups = head.split(":");
  if (tail !== undefined) {
    const after = tail.split(":").length;
    while (groups.length + after < 8) groups.push("0");
  }
  return `${groups.slice(0, 4).map((group) => group || "0").join(":")}::/64`;
}
