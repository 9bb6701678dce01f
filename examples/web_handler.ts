/**
 * A web server that classifies the image in a request's body. A page sends a chosen file with
 * `fetch(url, { method: "POST", body: input.files[0] })`. `ranet serve` does more: batches, limits, metrics.
 *
 *     deno run --allow-read=specs,weights --allow-net=localhost:8000 examples/web_handler.ts 8000
 *     curl --data-binary @examples/cat.jpg http://localhost:8000/
 */

import { loadClassifier, RanetError } from "@ranet/ranet";

const classifier = await loadClassifier("ranet-cifar10", { batchSize: 1 });

Deno.serve({ hostname: "localhost", port: Number(Deno.args[0]) }, async (request) => {
  if (request.method !== "POST") return Response.json({ error: "POST an image" }, { status: 405 });
  try {
    const { label, confidence, exit, flops } = await classifier.classify(
      new File([await request.bytes()], "request body"),
    );
    return Response.json({ label, confidence, exit, flops });
  } catch (error) {
    if (!(error instanceof RanetError)) throw error;
    return Response.json({ error: error.message }, { status: 400 });
  }
});
