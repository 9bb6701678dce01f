/**
 * Validates the files in deploy/ against Kubernetes' published schemas from npm, or else by the relevant fields.
 *
 * @module
 */

import { assert, assertEquals, assertLess, assertMatch, assertStringIncludes } from "@std/assert";
import { parse } from "@std/yaml";
import { Deployment } from "@kubernetes-models/apps/v1/Deployment";
import { HorizontalPodAutoscaler } from "@kubernetes-models/autoscaling/v2/HorizontalPodAutoscaler";
import { Job } from "@kubernetes-models/batch/v1/Job";
import { PodDisruptionBudget } from "@kubernetes-models/policy/v1/PodDisruptionBudget";
import { Service } from "@kubernetes-models/v1/Service";
import { serveCommand } from "../../lib/cli/serve.ts";
import { classifyCommand } from "../../lib/cli/classify.ts";
import { mergeCommand } from "../../lib/cli/merge.ts";
import { readShard } from "../../lib/results/shard.ts";

// deno-lint-ignore no-explicit-any -- the schemas say what it is
type Manifest = any;

const read = (name: string) => Deno.readTextFile(new URL(`../../deploy/${name}`, import.meta.url));

async function manifests(name: string): Promise<Map<string, Manifest>> {
  const documents = (await read(name)).split(/^---$/m).map((text) => parse(text) as Manifest);
  return new Map(documents.map((document) => [document.kind, document]));
}

/** Checks that a command accepts every option that a container passes. */
function assertTakes(args: readonly string[]): void {
  const command = [serveCommand, classifyCommand, mergeCommand].find(({ name }) => name === args[0]);
  assert(command, args[0]);
  const known = [...Object.keys(command.options), ...Object.keys(command.flags ?? {})];
  for (const arg of args.filter((arg) => arg.startsWith("--"))) {
    assert(known.includes(arg.slice(2).split("=")[0]), `${command.name} has no ${arg}`);
  }
}

/** Longest time in seconds that a server with these options takes to stop: the drain plus the time limit of a request. */
function stopsWithin(args: readonly string[]): number {
  const words = args.flatMap((arg) => arg.split("="));
  const option = (name: string) => {
    const at = words.indexOf(name);
    return at >= 0 ? Number(words[at + 1]) : undefined;
  };
  return (option("--drain") ?? 5) + (option("--timeout") ?? 30_000) / 1000;
}

Deno.test("kubernetes.yaml is valid, and its parts refer to each other correctly", async () => {
  const all = await manifests("kubernetes.yaml");
  const models = { Deployment, Service, HorizontalPodAutoscaler, PodDisruptionBudget };
  assertEquals([...all.keys()], Object.keys(models));
  for (const [kind, Model] of Object.entries(models)) new Model(all.get(kind)).validate();
  const deployment = all.get("Deployment");
  const { labels } = deployment.spec.template.metadata;
  for (const kind of ["Deployment", "PodDisruptionBudget"]) {
    assertEquals(all.get(kind).spec.selector.matchLabels, labels);
  }
  assertEquals(all.get("Service").spec.selector, labels);
  assertEquals(all.get("HorizontalPodAutoscaler").spec.scaleTargetRef.name, deployment.metadata.name);
  const [container] = deployment.spec.template.spec.containers;
  assertTakes(container.args);
  assertLess(stopsWithin(container.args), deployment.spec.template.spec.terminationGracePeriodSeconds);
  assertEquals(container.readinessProbe.httpGet.path, "/v2/health/ready");
  assertEquals(container.livenessProbe.httpGet.path, "/v2/health/live");
  assert(container.resources.limits.memory && container.resources.requests.cpu);
});

Deno.test("kubernetes-job.yaml is valid, and has as many shards as pods", async () => {
  const job = (await manifests("kubernetes-job.yaml")).get("Job");
  new Job(job).validate();
  const [container] = job.spec.template.spec.containers;
  assertEquals([job.spec.completionMode, job.spec.backoffLimitPerIndex], ["Indexed", 4]);
  assertTakes(container.args);
  const variables: Record<string, string> = {
    JOB_COMPLETION_INDEX: "3",
    ...Object.fromEntries(container.env.map(({ name, value }: Manifest) => [name, value])),
  };
  assertEquals(readShard("auto", (name) => variables[name]), { index: 4, count: job.spec.completions });
});

Deno.test("kubernetes-merge.yaml is valid, and reads what kubernetes-job.yaml writes", async () => {
  const [job, merge] = await Promise.all(
    ["kubernetes-job.yaml", "kubernetes-merge.yaml"].map(async (name) => (await manifests(name)).get("Job")),
  );
  new Job(merge).validate();
  const [written, read] = [job, merge].map(({ spec }) => spec.template.spec.containers[0]);
  assertTakes(read.args);
  assertStringIncludes(written.args.at(-1), "--out=/data/results/");
  assertStringIncludes(read.args[1], "/data/results/*");
  assertEquals(merge.spec.template.spec.volumes, job.spec.template.spec.volumes);
});

Deno.test("the Kubernetes schemas reject invalid manifests", async () => {
  const deployment = (await manifests("kubernetes.yaml")).get("Deployment");
  deployment.spec.template.spec.containers[0].livenessProbe.httpGet.port = {};
  let message = "";
  try {
    new Deployment(deployment).validate();
  } catch (error) {
    ({ message } = error as Error);
  }
  assertStringIncludes(message, "port");
});

Deno.test("kserve.yaml defines a runtime for the protocol and a model that uses it", async () => {
  const all = await manifests("kserve.yaml");
  const runtime = all.get("ServingRuntime");
  const service = all.get("InferenceService");
  assertEquals([runtime.apiVersion, service.apiVersion], ["serving.kserve.io/v1alpha1", "serving.kserve.io/v1beta1"]);
  const { model } = service.spec.predictor;
  assertEquals(runtime.spec.protocolVersions, [model.protocolVersion]);
  assertEquals(runtime.spec.supportedModelFormats[0].name, model.modelFormat.name);
  assertEquals(runtime.metadata.name, model.runtime);
  const [container] = runtime.spec.containers;
  assertEquals(container.name, "kserve-container");
  assertLess(stopsWithin(container.args), service.spec.predictor.terminationGracePeriodSeconds);
  assertTakes(container.args);
  const port = Number(container.args.find((arg: string) => arg.startsWith("--port=")).slice(7));
  assertEquals(container.ports[0].containerPort, port);
  assertEquals(container.readinessProbe.httpGet.port, port);
});

Deno.test("ranet.service starts the server with valid options and gives it time to stop", async () => {
  const unit = await read("ranet.service");
  const [program, ...args] = /^ExecStart=(.*)$/m.exec(unit)![1].split(" ");
  assertEquals(program, "/opt/ranet/ranet");
  assertTakes(args);
  assertLess(stopsWithin(args), Number(/^TimeoutStopSec=(\d+)$/m.exec(unit)![1]));
  const url = `http://${args[args.indexOf("--hostname") + 1]}:${args[args.indexOf("--port") + 1]}/health/ready`;
  assertMatch(unit, new RegExp(`^ExecStartPost=.* ${url}$`, "m"));
});

Deno.test("the last stage of the Dockerfile does not run as root, builds nothing, and has a health check", async () => {
  const text = await read("Dockerfile");
  const last = text.slice(text.lastIndexOf("\nFROM "));
  assertMatch(last, /^\nFROM denoland\/deno:distroless-/);
  assertMatch(last, /^USER [1-9]/m);
  assertMatch(last, /^HEALTHCHECK /m);
  assert(!/^RUN /m.test(last));
  assertTakes(JSON.parse(/^CMD (.*)$/m.exec(last.slice(last.indexOf("ENTRYPOINT")))![1]));
  for (const [, path] of text.matchAll(/^COPY (\w+) /gm)) assert((await Deno.stat(path)).isDirectory);
  const { version } = JSON.parse(await Deno.readTextFile(new URL("../../deno.json", import.meta.url)));
  for (const name of ["kubernetes.yaml", "kubernetes-job.yaml", "kubernetes-merge.yaml", "kserve.yaml"]) {
    assertStringIncludes(await read(name), `image: ranet:${version}\n`);
  }
});
