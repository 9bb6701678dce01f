/**
 * The page: starts the worker and its two tabs.
 *
 * @module
 */

/// <reference lib="dom" />

import { openArchitecture } from "./architecture.ts";
import { Classify } from "./classify.ts";
import { byId } from "./dom.ts";
import { takeImages } from "./intake.ts";
import { buildNetwork, DEFAULT_MODEL, readSpec } from "./library.ts";
import type { Report } from "./messages.ts";
import { wireTabs } from "./tabs.ts";

const worker = new Worker(`worker.js${location.search}`, { type: "module" });
const forced = new URLSearchParams(location.search).get("device") === "cpu";
const device = byId("device");

function showDevice(kind: "gpu" | "cpu" | "broken", text: string): void {
  device.dataset.kind = kind;
  device.textContent = text;
}

function heed(report: Report, classify: Classify): void {
  switch (report.kind) {
    case "ready": {
      const { device: { kind, name }, hasWebGpu, reason } = report;
      const why = hasWebGpu ? reason ? "WebGPU failed" : "WebGPU has no GPU here" : "this browser has no WebGPU";
      showDevice(kind, kind === "gpu" ? `WebGPU: ${name}` : `CPU: ${forced ? "as asked" : why}`);
      device.title = report.reason ?? "";
      return;
    }
    case "broken":
      return showDevice("broken", report.message);
    case "image":
      return classify.show(report.id, report.thumbnail, report.seen);
    case "answer":
      return classify.answer(report.id, report.answer);
    case "problem":
      return classify.fail(report.id, report.message);
  }
}

if (forced) {
  const link = byId<HTMLAnchorElement>("other-device");
  link.href = location.pathname;
  link.textContent = "Run it on WebGPU";
}
wireTabs(openArchitecture);
// Photos may be dropped before the network is there.
const opened = Promise.withResolvers<Classify>();
takeImages(async (files) => (await opened.promise).add(files));
try {
  const network = buildNetwork(await readSpec(DEFAULT_MODEL));
  const classify = new Classify(network, (question) => worker.postMessage(question));
  worker.onmessage = ({ data }: MessageEvent<Report>) => heed(data, classify);
  worker.onerror = ({ message }) => showDevice("broken", message || "Cannot start the worker");
  byId("classes").textContent = network.spec.classes.join(", ");
  opened.resolve(classify);
} catch (error) {
  showDevice("broken", (error as Error).message);
}
