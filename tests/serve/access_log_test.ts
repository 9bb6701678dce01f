import { assertEquals, assertMatch } from "@std/assert";
import { logLine, type RequestRecord } from "../../lib/serve/access_log.ts";

const record: RequestRecord = {
  id: "abc",
  client: "192.0.2.1",
  method: "POST",
  path: "/classify",
  status: 200,
  ms: 12.3,
  bytes: 1000,
  images: 2,
  decode: 4.4,
  queue: 3,
  compute: 5,
  exits: [1, 6],
};
const text = { format: "text", level: "info" } as const;

Deno.test("logLine() formats a request as one line", () => {
  assertMatch(
    logLine(record, text)!,
    /^time=\S+Z level=info id=abc client=192.0.2.1 status=200 bytes=1000 images=2 exits="1,6" method=POST path=\/classify ms=12 decode=4 queue=3 compute=5$/,
  );
  const { time: _, ...fields } = JSON.parse(logLine(record, { format: "json", level: "info" })!);
  assertEquals(fields, { ...record, level: "info", ms: 12, decode: 4 });
});

Deno.test("logLine() quotes and truncates text from clients", () => {
  const hostile = { ...record, method: "A".repeat(500), path: `/\n\x1b[31m level=error "${"x".repeat(5000)}` };
  const line = logLine(hostile, text)!;
  assertMatch(line, /path="\/\\n\\u001b\[31m level=error \\"x{90,}"/);
  assertEquals([line.includes("\n"), line.length < 600], [false, true]);
});

Deno.test("logLine() has a level that follows from the status", () => {
  const level = (part: Partial<RequestRecord>) =>
    (["info", "warn", "error"] as const).filter((level) => logLine({ ...record, ...part }, { ...text, level }));
  assertEquals(level({}), ["info"]);
  assertEquals(level({ status: 422 }), ["info"]);
  assertEquals(level({ status: 503, reason: "queue" }), ["info", "warn"]);
  assertEquals(level({ status: 500, defect: "TypeError: x\n  at y" }), ["info", "warn", "error"]);
  assertEquals(logLine(record, { format: "off", level: "info" }), undefined);
});
