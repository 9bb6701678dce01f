import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { LineQueue } from "../../lib/io/line_queue.ts";

/** A sink: what it has received, and how it handles the next writes. */
class Sink {
  text = "";
  /** Number of bytes that each of the next writes accepts; without one, the write fails. */
  takes: (length: number) => number | Promise<number> = (length) => length;

  async write(bytes: Uint8Array): Promise<number> {
    const count = await this.takes(bytes.length);
    if (count === 0) throw new Error("No space left on device");
    this.text += new TextDecoder().decode(bytes.subarray(0, count));
    return count;
  }
}

Deno.test("LineQueue writes lines in order, also with partial writes", async () => {
  await fc.assert(fc.asyncProperty(fc.array(fc.string()), fc.nat({ max: 9 }), async (lines, part) => {
    const sink = new Sink();
    sink.takes = (length) => Math.min(length, part + 1);
    const queue = new LineQueue({
      write: async (bytes) => {
        const count = await sink.takes(bytes.length);
        written.push(...bytes.subarray(0, count));
        return count;
      },
    });
    const written: number[] = [];
    for (const line of lines) queue.line(line);
    await queue.flush(10_000);
    assertEquals(new TextDecoder().decode(new Uint8Array(written)), lines.map((line) => `${line}\n`).join(""));
    assertEquals(queue.lost, 0);
  }));
});

Deno.test("LineQueue drops and counts lines that cannot be written, and reports them later", async () => {
  const sink = new Sink();
  const queue = new LineQueue(sink);
  queue.line("one");
  await queue.flush(1000);
  sink.takes = () => 0;
  queue.line("two");
  queue.line("three");
  await queue.flush(1000);
  assertEquals([sink.text, queue.lost], ["one\n", 2]);
  sink.takes = (length) => length;
  queue.line("four");
  await queue.flush(1000);
  assertEquals(sink.text, "one\n2 lines could not be written here: No space left on device\nfour\n");
  assertEquals(queue.lost, 2);
});

Deno.test("LineQueue ends a partially written line before the next one", async () => {
  const sink = new Sink();
  const queue = new LineQueue(sink);
  const parts = [3, 0];
  sink.takes = (length) => parts.shift() ?? length;
  queue.line("one two");
  await queue.flush(1000);
  queue.line("three");
  await queue.flush(1000);
  assertEquals(sink.text, "one\n1 lines could not be written here: No space left on device\nthree\n");
  assertEquals(queue.lost, 1);
});

Deno.test("LineQueue drops lines above its limit if the reader is blocked", async () => {
  const gate = Promise.withResolvers<void>();
  const sink = new Sink();
  sink.takes = async (length) => {
    await gate.promise;
    return length;
  };
  const queue = new LineQueue(sink, { limit: 100 });
  queue.describeLoss = (lines) => `lost ${lines}`;
  for (let i = 0; i < 1000; i++) queue.line(`line ${String(i).padStart(4, "0")}`); // 10 bytes each
  await queue.flush(1);
  assertEquals([sink.text, queue.lost], ["", 990]);
  gate.resolve();
  await queue.flush(10_000);
  queue.line("the next");
  await queue.flush(10_000);
  const kept = Array.from({ length: 10 }, (_, i) => `line 000${i}\n`);
  assertEquals(sink.text, `${kept.join("")}lost 990\nthe next\n`);
});
