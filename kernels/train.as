// A training step on several threads: an interpreter of the program that lib/device/cpu/training_program.ts writes.
//
// Between barriers a thread first computes its share of the operations on all samples. Then it takes its own samples through
// the other operations, a few at a time, so that results stay in the cache until the next operation reads them; finally it
// helps with the samples of slower threads. Results do not depend on which thread computes them.

import { classify } from "./classifier/forward";
import { linearGradient, loss, pooledGradient } from "./classifier/gradient";
import { transpose } from "./convolution/forward";
import { join, weightGradient } from "./convolution/weight-gradient";
import { makeStridedFilter, stridedWinograd, stridedWinogradGradient } from "./convolution/strided-winograd";
import { winogradWeightGradient } from "./convolution/winograd-weight-gradient";
import { makeFilter } from "./convolution/winograd";
import { depthwiseInputGradient, depthwiseWeightGradient } from "./depthwise/gradient";
import { excitationGradient } from "./excitation/gradient";
import { runLayer } from "./layers";
import { maxPoolGradient } from "./max-pool/gradient";
import { coefficients, gradient, gradientCoefficients, gradientSums, normalize, statistics } from "./norm/norm";
import { resizeGradient } from "./resize/gradient";
import { squeezeGradient } from "./squeeze/gradient";
import { reluGradient } from "./training/relu";
import { dropout } from "./training/dropout";
import { zero } from "./training/zero";
import { descendAdamw } from "./training/adamw";
import { descend, moveRunning } from "./training/sgd";
import {
  AdamwArgs,
  ClassifierArgs,
  DepthwiseArgs,
  DepthwiseWeightGradientArgs,
  DropoutArgs,
  ExcitationArgs,
  FilterArgs,
  FiniteArgs,
  Head,
  JoinArgs,
  NormArgs,
  OP_ADAMW,
  OP_BARRIER,
  OP_CLASSIFY,
  OP_COEFFICIENTS,
  OP_DEPTHWISE_INPUT_GRADIENT,
  OP_DEPTHWISE_WEIGHT_GRADIENT,
  OP_DESCEND,
  OP_DROPOUT,
  OP_EXCITATION_GRADIENT,
  OP_FILTER,
  OP_FINITE,
  OP_GRADIENT_COEFFICIENTS,
  OP_GRADIENT_SUMS,
  OP_JOIN,
  OP_LINEAR_GRADIENT,
  OP_LOSS,
  OP_MAX_POOL_GRADIENT,
  OP_NORM_GRADIENT,
  OP_NORMALIZE,
  OP_POOLED_GRADIENT,
  OP_RELU_GRADIENT,
  OP_RESIZE_GRADIENT,
  OP_RUNNING,
  OP_SAMPLES,
  OP_SQUEEZE_GRADIENT,
  OP_STATISTICS,
  OP_STRIDED_FILTER,
  OP_STRIDED_WINOGRAD,
  OP_STRIDED_WINOGRAD_GRADIENT,
  OP_TRANSPOSE,
  OP_WEIGHT_GRADIENT,
  OP_WINOGRAD_WEIGHT_GRADIENT,
  OP_ZERO,
  ResizeArgs,
  RunningArgs,
  SamplesArgs,
  SgdArgs,
  StridedWinogradArgs,
  TransposeArgs,
  WeightGradientArgs,
  WindowArgs,
  WinogradWeightGradientArgs,
  ZeroArgs,
} from "./abi";

/**
 * @param begin Where the program starts.
 * @param end Where it ends.
 * @param count Number of samples.
 * @param labels Where their labels are.
 * @param learningRate The learning rate.
 * @param first What AdamW multiplies means of gradients by.
 * @param second What it multiplies roots of means of squares by.
 * @param seed What dropout follows from.
 * @param scratch Where the threads' scratch memory starts, and how much each has.
 * @param gate Two words for the barrier.
 */
export function train(
  thread: u32,
  threads: u32,
  begin: u32,
  end: u32,
  count: u32,
  labels: u32,
  learningRate: f32,
  first: f32,
  second: f32,
  seed: u32,
  scratch: u32,
  scratchBytes: u32,
  gate: u32,
): void {
  const own = scratch + thread * scratchBytes;
  for (let at = begin; at < end;) {
    const head = changetype<Head>(at);
    const args = at + offsetof<Head>();
    let next = at + head.bytes;
    switch (head.operation) {
      case OP_BARRIER:
        if (threads > 1) wait(gate, threads);
        break;
      case OP_SAMPLES: {
        const group = changetype<SamplesArgs>(args);
        const inner = next;
        next += group.bytes;
        for (let i: u32 = 0; i < threads; i++) {
          const owner = (thread + i) % threads;
          const last = (owner + 1) * count / threads;
          while (true) {
            const taken = atomic.add<u32>(group.taken + 4 * owner, group.samples);
            const sample = owner * count / threads + taken;
            if (sample >= last) break;
            const endSample = min(sample + group.samples, last);
            for (let op = inner; op < next;) {
              const head = changetype<Head>(op);
              runSamples(head, thread, own, sample, endSample, count, labels, seed);
              op += head.bytes;
            }
          }
        }
        break;
      }
      case OP_COEFFICIENTS:
        coefficients(changetype<NormArgs>(args), thread, count);
        break;
      case OP_GRADIENT_COEFFICIENTS:
        gradientCoefficients(changetype<NormArgs>(args), thread, count);
        break;
      case OP_TRANSPOSE:
        transpose(changetype<TransposeArgs>(args), thread, threads);
        break;
      case OP_FILTER:
        makeFilter(changetype<FilterArgs>(args), thread, threads);
        break;
      case OP_STRIDED_FILTER:
        makeStridedFilter(changetype<FilterArgs>(args), thread, threads);
        break;
      case OP_WEIGHT_GRADIENT:
        weightGradient(changetype<WeightGradientArgs>(args), thread, threads, count);
        break;
      case OP_WINOGRAD_WEIGHT_GRADIENT:
        winogradWeightGradient(changetype<WinogradWeightGradientArgs>(args), own, thread, threads, count);
        break;
      case OP_DEPTHWISE_WEIGHT_GRADIENT:
        depthwiseWeightGradient(changetype<DepthwiseWeightGradientArgs>(args), own, thread, threads, count);
        break;
      case OP_JOIN:
        join(changetype<JoinArgs>(args), thread, threads);
        break;
      case OP_LINEAR_GRADIENT:
        linearGradient(changetype<ClassifierArgs>(args), thread, threads, count);
        break;
      case OP_FINITE:
        if (!areFinite(changetype<FiniteArgs>(args), thread, count)) return;
        break;
      case OP_DESCEND:
        descend(changetype<SgdArgs>(args), learningRate, thread, threads);
        break;
      case OP_ADAMW:
        descendAdamw(changetype<AdamwArgs>(args), learningRate, first, second, thread, threads);
        break;
      case OP_RUNNING:
        moveRunning(changetype<RunningArgs>(args), thread);
        break;
      default:
        unreachable();
    }
    at = next;
  }
}

function runSamples(
  head: Head,
  thread: u32,
  scratch: u32,
  first: u32,
  last: u32,
  count: u32,
  labels: u32,
  seed: u32,
): void {
  const args = changetype<u32>(head) + offsetof<Head>();
  switch (head.operation) {
    case OP_STATISTICS:
      return statistics(changetype<NormArgs>(args), first, last);
    case OP_NORMALIZE:
      return normalize(changetype<NormArgs>(args), thread, first, last);
    case OP_GRADIENT_SUMS:
      return gradientSums(changetype<NormArgs>(args), thread, first, last);
    case OP_NORM_GRADIENT:
      return gradient(changetype<NormArgs>(args), thread, first, last);
    case OP_STRIDED_WINOGRAD:
      return stridedWinograd(changetype<StridedWinogradArgs>(args), scratch, first, last);
    case OP_STRIDED_WINOGRAD_GRADIENT:
      return stridedWinogradGradient(changetype<StridedWinogradArgs>(args), scratch, first, last);
    case OP_DEPTHWISE_INPUT_GRADIENT:
      return depthwiseInputGradient(changetype<DepthwiseArgs>(args), first, last);
    case OP_SQUEEZE_GRADIENT:
      return squeezeGradient(changetype<WindowArgs>(args), first, last);
    case OP_EXCITATION_GRADIENT:
      return excitationGradient(changetype<ExcitationArgs>(args), first, last);
    case OP_MAX_POOL_GRADIENT:
      return maxPoolGradient(changetype<WindowArgs>(args), first, last);
    case OP_RESIZE_GRADIENT:
      return resizeGradient(changetype<ResizeArgs>(args), first, last);
    case OP_RELU_GRADIENT:
      return reluGradient(changetype<WindowArgs>(args), first, last);
    case OP_DROPOUT:
      return dropout(changetype<DropoutArgs>(args), seed, first, last);
    case OP_ZERO:
      return zero(changetype<ZeroArgs>(args), first, last);
    case OP_CLASSIFY: {
      const own = changetype<ClassifierArgs>(args);
      for (let sample = first; sample < last; sample++) {
        const logits = 4 * sample * own.classes;
        const means = own.means + 16 * sample * own.quads;
        classify(own, own.input + sample * own.inBytes, means, own.logits + logits, own.before + logits, 0, 1);
      }
      return;
    }
    case OP_LOSS:
      return loss(changetype<ClassifierArgs>(args), labels, first, last, count);
    case OP_POOLED_GRADIENT:
      return pooledGradient(changetype<ClassifierArgs>(args), scratch, first, last);
    default:
      runLayer(head, scratch, first, last, 0, 1);
  }
}

// Whether all losses, of this step and those before, are finite.
function areFinite(args: FiniteArgs, thread: u32, count: u32): bool {
  if (load<u32>(args.stopped)) return false;
  for (let exit: u32 = 0; exit < args.exits; exit++) {
    for (let sample: u32 = 0; sample < count; sample++) {
      const loss = load<f64>(args.losses + exit * args.exitBytes + 8 * sample);
      if (loss - loss == 0) continue;
      // All threads compute the same value; it is kept for the next step.
      if (thread == 0) store<u32>(args.stopped, 1);
      return false;
    }
  }
  return true;
}

// Waits for all threads. `gate`: number of threads that have arrived, and number of completed barriers.
function wait(gate: u32, threads: u32): void {
  const turn = atomic.load<u32>(gate, 4);
  if (atomic.add<u32>(gate, 1) + 1 == threads) {
    atomic.store<u32>(gate, 0);
    atomic.add<u32>(gate, 1, 4);
    atomic.notify(gate + 4, -1);
    return;
  }
  // The other threads usually arrive soon.
  for (let i = 0; i < 2000; i++) if (atomic.load<u32>(gate, 4) != turn) return;
  while (atomic.load<u32>(gate, 4) == turn) atomic.wait<i32>(gate + 4, turn, -1);
}
