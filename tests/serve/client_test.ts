import { assertEquals } from "@std/assert";
import { clientOf } from "../../lib/serve/client.ts";

Deno.test("clientOf() returns IPv4 addresses and IPv6 networks", () => {
  const cases = [
    ["192.0.2.1", undefined, "192.0.2.1"],
    ["::ffff:192.0.2.1", undefined, "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", undefined, "2001:db8:1:2::/64"],
    ["2001:db8::6", undefined, "2001:db8:0:0::/64"],
    ["::1", undefined, "0:0:0:0::/64"],
    ["127.0.0.1", "", "127.0.0.1"],
    ["127.0.0.1", "192.0.2.7", "192.0.2.7"],
    ["127.0.0.1", "what a client claims, 192.0.2.8", "192.0.2.8"],
    ["127.0.0.1", "192.0.2.8:5000", "192.0.2.8"],
    ["127.0.0.1", "[2001:db8:1:2:3::4]:443", "2001:db8:1:2::/64"],
  ] as const;
  for (const [address, forwarded, client] of cases) assertEquals(clientOf(address, forwarded), client);
});
