// Runs stages of a plan on a batch, on the CPU: every thread calls `run`. Threads take samples through the stages, each as
// far as its confidence demands; where there are fewer samples than threads, several share a sample's layers.
// `deno task wasm` builds forward.wasm, and forward-relaxed.wasm for engines that fuse multiplication and addition.

import { classify } from "./classifier/forward";
import { confidence } from "./confidence";
import { convolve, forgetCopy } from "./convolution/forward";
import { winograd } from "./convolution/winograd";
import { writeImage } from "./image";
import { maxPool } from "./max-pool/forward";
import {
  KIND_CLASSIFIER,
  KIND_CONVOLUTION,
  KIND_IMAGE,
  KIND_MAX_POOL,
  KIND_RESIZE,
  KIND_WINOGRAD,
  NO_EXIT,
  Program,
  PROGRESS_BYTES,
  Step,
} from "./records";
import { resize } from "./resize/forward";
import { finish, nextTask, Progress, take, waitFor } from "./shared";

// The sample that this thread works on.
let arena: u32 = 0;
let image: u32 = 0;
let scratch: u32 = 0;
let logits: u32 = 0;

export function run(thread: u32, threads: u32, address: u32): void {
  const program = changetype<Program>(address);
  scratch = program.scratch + thread * program.scratchLength;
  if (threads > program.samples) {
    const sample = thread % program.samples;
    if (!isLeft(program, sample)) share(program, sample);
    return;
  }
  while (true) {
    const sample = atomic.add<u32>(address + offsetof<Program>("next"), 1);
    if (sample >= program.samples) return;
    if (!isLeft(program, sample)) runAlone(program, sample, thread);
  }
}

function isLeft(program: Program, sample: u32): bool {
  return load<u32>(program.exits + 4 * sample) != NO_EXIT;
}

// Takes a sample through the stages. Unless its activations are wanted later, they are kept where the thread's last were.
function runAlone(program: Program, sample: u32, thread: u32): void {
  begin(program, sample, program.resumable ? sample : thread);
  for (let stage = program.from; stage < program.to; stage++) {
    const end = load<u32>(program.stages + 4 * stage + 4);
    logits = logitsOf(program, stage, sample);
    for (let step = load<u32>(program.stages + 4 * stage); step < end; step += offsetof<Step>()) {
      runStep(changetype<Step>(step), 0, 1);
    }
    if (leaves(program, stage, sample)) return;
  }
}

// The same, together with other threads.
function share(program: Program, sample: u32): void {
  const progress = changetype<Progress>(program.progress + sample * PROGRESS_BYTES);
  begin(program, sample, sample);
  // Tasks of steps before this one, and of all that these wait for.
  let before: u32 = 0;
  let needed: u32 = 0;
  for (let stage = program.from; stage < program.to; stage++) {
    const end = load<u32>(program.stages + 4 * stage + 4);
    logits = logitsOf(program, stage, sample);
    for (let at = load<u32>(program.stages + 4 * stage); at < end; at += offsetof<Step>()) {
      const step = changetype<Step>(at);
      const behind = before + step.parts;
      while (true) {
        const task = nextTask(progress);
        if (task >= behind) break;
        waitFor(progress, needed);
        if (!take(progress, task)) continue;
        runStep(step, task - before, step.parts);
        finish(progress);
      }
      before = behind;
      if (step.last) needed = before;
    }
    waitFor(progress, needed);
    if (leaves(program, stage, sample)) return;
  }
}

function begin(program: Program, sample: u32, place: u32): void {
  arena = program.arenas + place * program.arenaLength;
  image = program.images + sample * program.imageLength;
  forgetCopy();
}

function logitsOf(program: Program, stage: u32, sample: u32): u32 {
  return program.logits + stage * program.stageLogits + sample * program.sampleLogits;
}

function leaves(program: Program, stage: u32, sample: u32): bool {
  if (!program.adaptive) return false;
  const reached = confidence(logits, program.classes) >= load<f64>(program.thresholds + 8 * stage);
  if (reached) store<u32>(program.exits + 4 * sample, stage);
  return reached;
}

function runStep(step: Step, part: u32, parts: u32): void {
  switch (step.kind) {
    case KIND_IMAGE:
      return writeImage(step, arena, image, part, parts);
    case KIND_CONVOLUTION:
      return convolve(step, arena, scratch, part, parts);
    case KIND_WINOGRAD:
      return winograd(step, arena, scratch, part, parts);
    case KIND_MAX_POOL:
      return maxPool(step, arena, part, parts);
    case KIND_RESIZE:
      return resize(step, arena, part, parts);
    case KIND_CLASSIFIER:
      return classify(step, arena, scratch, logits, part, parts);
    default:
      unreachable();
  }
}
