/**
 * The page: starts the worker and its tabs.
 *
 * @module
 */

/// <reference lib="dom" />

import { openArchitecture } from "./architecture.ts";
import { Classify } from "./classify.ts";
import { byId } from "./dom.ts";
import { takeImages } from "./intake.ts";
import { buildNetwork, DEFAULT_MODEL, loadModel, readSpec } from "./library.ts";
import type { Report } from "./messages.ts";
import { wireTabs } from "./tabs.ts";
import type { Teach } from "./teach/teach.ts";

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

/** A separate file beside the page's script, which the bundler must not include. */
const TEACH: string = "./teach.js";

// Photos may be dropped before the network is loaded.
const opened = Promise.withResolvers<Classify>();
const teach = Promise.withResolvers<Teach>();
const openTab = wireTabs({
  architecture: openArchitecture,
  // The trainer is loaded only when the tab is opened.
  teach: async () => {
    try {
      const { openTeach } = await import(TEACH) as typeof import("./teach/teach.ts");
      teach.resolve(openTeach({ classify: openInClassify }));
    } catch (error) {
      const note = byId("teach-keeping");
      note.textContent = `Cannot load the training library: ${(error as Error).message}. Reload the page.`;
      note.hidden = false;
    }
  },
});

/** Makes the first tab use the user's own model. */
async function openInClassify(archive: Blob): Promise<void> {
  const classify = await opened.promise;
  try {
    const { network } = await loadModel(archive);
    device.dataset.kind = "wait";
    device.textContent = "Opening the model …";
    worker.postMessage({ model: archive });
    classify.use(network);
    byId("known").replaceChildren(`Classes: ${network.spec.classes.join(", ")}. It always predicts one of them.`);
    openTab("classify");
  } catch (error) {
    classify.complain((error as Error).message);
  }
}

takeImages(async (files) => {
  if (!byId("teach").hidden) return (await teach.promise).add(files);
  const archive = files.find(({ name }) => /\.zip$/i.test(name));
  if (archive) await openInClassify(archive);
  (await opened.promise).add(files.filter(({ name }) => !/\.zip$/i.test(name)));
});
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
