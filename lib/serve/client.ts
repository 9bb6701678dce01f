/**
 * Identifies the client of a request, for limits per client.
 *
 * @module
 */

/**
 * The client's IP address; of IPv6, the /64 network, because a client has all addresses of its network.
 *
 * @param address Address of the connection's peer.
 * @param forwarded `X-Forwarded-For` of a trusted reverse proxy, which appends the address of its peer.
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
