// Inference: runs stages of a plan on a batch; every thread calls `run`. Threads take samples through the stages until their
// confidence is high enough. If there are fewer samples than threads, several threads share a sample's layers.

import {
  ClassifierArgs,
  FilterArgs,
  Head,
  ImageArgs,
  Int8ClassifierArgs,
  Int8ImageArgs,
  NO_EXIT,
  OP_CLASSIFY,
  OP_CLASSIFY_INT8,
  OP_IMAGE,
  OP_IMAGE_INT8,
  Program,
  PROGRESS_BYTES,
} from "./abi";
import { classify } from "./classifier/forward";
import { classifyInt8 } from "./classifier/int8";
import { confidence } from "./confidence";
import { forgetInt8Copy } from "./convolution/int8-pad";
import { forgetCopy } from "./convolution/pad";
import { makeFilter } from "./convolution/filter";
import { writeImage, writeInt8Image } from "./image";
import { setKept } from "./int8";
import { runLayer } from "./layers";
import { finish, nextTask, Progress, take, waitFor } from "./shared";

// The sample that this thread works on, and the address of its activations.
let sample: u32 = 0;
let place: u32 = 0;
let image: u32 = 0;
let scratch: u32 = 0;
let logits: u32 = 0;
let stageLogits: u32 = 0;

export function run(thread: u32, threads: u32, address: u32): void {
  const program = changetype<Program>(address);
  setKept();
  scratch = program.scratch + thread * program.scratchLength;
  stageLogits = program.stageLogits;
  if (threads > program.samples) {
    sample = thread % program.samples;
    if (!isLeft(program)) share(program);
    return;
  }
  while (true) {
    sample = atomic.add<u32>(address + offsetof<Program>("next"), 1);
    if (sample >= program.samples) return;
    if (!isLeft(program)) runAlone(program, thread);
  }
}

// Transforms the weights of a layer into a filter.
export function prepare(thread: u32, threads: u32, args: u32): void {
  makeFilter(changetype<FilterArgs>(args), thread, threads, false);
}

function isLeft(program: Program): bool {
  return load<u32>(program.exits + 4 * sample) != NO_EXIT;
}

// Takes a sample through the stages. Unless its activations are needed later, they overwrite those of the thread's last sample.
function runAlone(program: Program, thread: u32): void {
  begin(program, program.resumable ? sample : thread);
  for (let stage = program.from; stage < program.to; stage++) {
    const end = load<u32>(program.stages + 4 * stage + 4);
    logits = logitsOf(program, stage);
    for (let at = load<u32>(program.stages + 4 * stage); at < end;) {
      const step = changetype<Head>(at);
      runStep(step, 0, 1);
      at += step.bytes;
    }
    if (leaves(program, stage)) return;
  }
}

// The same, together with other threads.
function share(program: Program): void {
  const progress = changetype<Progress>(program.progress + sample * PROGRESS_BYTES);
  begin(program, sample);
  // Number of tasks of earlier steps, and of those on which they depend.
  let before: u32 = 0;
  let needed: u32 = 0;
  for (let stage = program.from; stage < program.to; stage++) {
    const end = load<u32>(program.stages + 4 * stage + 4);
    logits = logitsOf(program, stage);
    for (let at = load<u32>(program.stages + 4 * stage); at < end;) {
      const step = changetype<Head>(at);
      at += step.bytes;
      const endTask = before + step.parts;
      while (true) {
        const task = nextTask(progress);
        if (task >= endTask) break;
        waitFor(progress, needed);
        if (!take(progress, task)) continue;
        runStep(step, task - before, step.parts);
        finish(progress);
      }
      before = endTask;
      if (step.last) needed = before;
    }
    waitFor(progress, needed);
    if (leaves(program, stage)) return;
  }
}

function begin(program: Program, where: u32): void {
  place = where;
  image = program.images + sample * program.imageLength;
  forgetCopy();
  forgetInt8Copy();
}

function logitsOf(program: Program, stage: u32): u32 {
  return program.logits + stage * program.stageLogits + sample * program.sampleLogits;
}

function leaves(program: Program, stage: u32): bool {
  if (!program.adaptive) return false;
  const reached = confidence(logits, program.classes) >= load<f64>(program.thresholds + 8 * stage);
  if (reached) store<u32>(program.exits + 4 * sample, stage);
  return reached;
}

function runStep(step: Head, part: u32, parts: u32): void {
  const args = changetype<u32>(step) + offsetof<Head>();
  switch (step.operation) {
    case OP_IMAGE: {
      const own = changetype<ImageArgs>(args);
      return writeImage(own, image, own.output + place * own.outBytes, part, parts);
    }
    case OP_CLASSIFY: {
      const own = changetype<ClassifierArgs>(args);
      return classify(own, own.input + place * own.inBytes, scratch, logits, logits - stageLogits, part, parts);
    }
    case OP_IMAGE_INT8: {
      const own = changetype<Int8ImageArgs>(args);
      return writeInt8Image(own, image, own.output + place * own.outBytes, part, parts);
    }
    case OP_CLASSIFY_INT8: {
      const own = changetype<Int8ClassifierArgs>(args);
      return classifyInt8(own, own.input + place * own.inBytes, scratch, logits, logits - stageLogits, part, parts);
    }
    default:
      runLayer(step, scratch, place, place + 1, part, parts);
  }
}
