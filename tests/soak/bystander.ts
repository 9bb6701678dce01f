/**
 * Other clients, in their own worker: they check `/health` and have images classified all the time.
 *
 * @module
 */
import { assertEquals } from "@std/assert";

/** Their observations so far. */
export interface Experience {
  /** Time of each `/health` request, in milliseconds. */
  readonly health: number[];
  /** Time of each correct answer in milliseconds, including refusals and retries. */
  readonly answers: number[];
  /** Errors: answers that differ from those of a server without load, and missing answers. */
  readonly wrong: string[];
  /** Number of 503 responses with Retry-After. */
  busy: number;
}

const scope = globalThis as unknown as {
  onmessage: (event: MessageEvent<{ readonly url: string; readonly clients: number } | "report" | "stop">) => void;
  postMessage(message: Experience | "stopped"): void;
};

let experience: Experience = { health: [], answers: [], wrong: [], busy: 0 };
let stopped = false;
let running: Promise<unknown> = Promise.resolve();
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const names = ["cat", "ship", "truck", "frog"];
const images = names.map((name) => Deno.readFileSync(new URL(`../../examples/${name}.jpg`, import.meta.url)));

async function classify(url: string, body: BodyInit, client: Deno.HttpClient): Promise<unknown[]> {
  while (true) {
    try {
      const response = await fetch(`${url}/classify`, { method: "POST", body, client });
      if (response.status === 200) return (await response.json()).images;
      if (response.status !== 503) throw new Error(`status ${response.status}: ${await response.text()}`);
      await response.body?.cancel();
    } catch (error) {
      // A request that was refused before it was read may be repeated; any other failure is an error.
      if (!(error instanceof TypeError)) throw error;
    }
    experience.busy++;
    await pause(100);
  }
}

/** Has images classified one after another, and sometimes all in one form. */
async function customer(url: string, from: string, expected: readonly unknown[]): Promise<void> {
  using client = Deno.createHttpClient({ localAddress: from });
  for (let i = 0; !stopped; i++) {
    const began = performance.now();
    try {
      const k = i % (images.length + 1);
      if (k < images.length) assertEquals(await classify(url, images[k], client), [expected[k]]);
      else {
        const form = new FormData();
        images.forEach((image) => form.append("image", new File([image], "-")));
        assertEquals(await classify(url, form, client), expected);
      }
      experience.answers.push(performance.now() - began);
    } catch (error) {
      experience.wrong.push((error as Error).message);
    }
    await pause(100);
  }
}

async function doctor(url: string): Promise<void> {
  using client = Deno.createHttpClient({ localAddress: "127.0.9.1" });
  for (; !stopped; await pause(50)) {
    const began = performance.now();
    try {
      const response = await fetch(`${url}/health`, { client });
      await response.body?.cancel();
      if (response.status !== 200) experience.wrong.push(`/health: ${response.status}`);
      experience.health.push(performance.now() - began);
    } catch (error) {
      experience.wrong.push(`/health: ${(error as Error).message}`);
    }
  }
}

scope.onmessage = async ({ data }) => {
  if (data === "report") {
    scope.postMessage(experience);
    experience = { health: [], answers: [], wrong: [], busy: 0 };
  } else if (data === "stop") {
    stopped = true;
    await running;
    scope.postMessage("stopped");
  } else {
    const { url, clients } = data;
    using quiet = Deno.createHttpClient({ localAddress: "127.0.9.2" });
    const expected: unknown[] = [];
    for (const image of images) expected.push((await classify(url, image, quiet))[0]);
    const customers = Array.from({ length: clients }, (_, i) => customer(url, `127.0.8.${i + 1}`, expected));
    running = Promise.all([doctor(url), ...customers]);
    scope.postMessage(experience);
  }
};
