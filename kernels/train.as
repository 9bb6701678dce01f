// A training step on several threads: an interpreter of the program that lib/device/cpu/training_program.ts writes. Each
// operation is a word with its number, one with its length in bytes, then its arguments.
//
// Between barriers a thread first does its share of what concerns all samples, then takes its own samples through the rest,
// a few at a time, so that what one operation leaves is near when the next one reads it; then those of others that have not
// come so far. What is computed does not depend on who does it.

import { classify, linearGradient, loss, pooledGradient } from "./classifier/training";
import { convolve, join, transpose, weightGradient } from "./convolution/training";
import { maxPool, maxPoolGradient } from "./max-pool/training";
import { makeFilter, winograd } from "./convolution/winograd-training";
import { coefficients, gradient, gradientCoefficients, gradientSums, normalize, statistics } from "./norm/training";
import { resize, resizeGradient } from "./resize/training";
import { reluGradient } from "./training/relu";
import { dropout } from "./training/dropout";
import { zero } from "./training/zero";
import { descend, moveRunning } from "./training/sgd";
import {
  ClassifierArgs,
  ConvolutionArgs,
  JoinArgs,
  NormArgs,
  OP_BARRIER,
  OP_CLASSIFY,
  OP_COEFFICIENTS,
  OP_CONVOLVE,
  OP_DESCEND,
  OP_DROPOUT,
  OP_FILTER,
  OP_FINITE,
  OP_GRADIENT_COEFFICIENTS,
  OP_GRADIENT_SUMS,
  OP_JOIN,
  OP_LINEAR_GRADIENT,
  OP_LOSS,
  OP_MAX_POOL,
  OP_MAX_POOL_GRADIENT,
  OP_NORM_GRADIENT,
  OP_NORMALIZE,
  OP_POOLED_GRADIENT,
  OP_RELU_GRADIENT,
  OP_RESIZE,
  OP_RESIZE_GRADIENT,
  OP_RUNNING,
  OP_SAMPLES,
  OP_STATISTICS,
  OP_TRANSPOSE,
  OP_WEIGHT_GRADIENT,
  OP_WINOGRAD,
  OP_ZERO,
  FilterArgs,
  DropoutArgs,
  FiniteArgs,
  ResizeArgs,
  RunningArgs,
  SamplesArgs,
  SgdArgs,
  TransposeArgs,
  WeightGradientArgs,
  WinogradArgs,
  WindowArgs,
  ZeroArgs,
} from "./training/arguments";

/**
 * @param begin Where the program starts.
 * @param end Where it ends.
 * @param count Number of samples.
 * @param labels Where their labels are.
 * @param rate The learning rate.
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
  rate: f32,
  seed: u32,
  scratch: u32,
  scratchBytes: u32,
  gate: u32,
): void {
  const own = scratch + thread * scratchBytes;
  for (let at = begin; at < end;) {
    const args = at + 8;
    let next = at + load<u32>(at, 4);
    switch (load<u32>(at)) {
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
            const behind = min(sample + group.samples, last);
            for (let op = inner; op < next; op += load<u32>(op, 4)) {
              runSamples(op, thread, own, sample, behind, count, labels, seed);
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
      case OP_WEIGHT_GRADIENT:
        weightGradient(changetype<WeightGradientArgs>(args), thread, threads, count);
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
        descend(changetype<SgdArgs>(args), rate, thread, threads);
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

function runSamples(at: u32, thread: u32, scratch: u32, first: u32, last: u32, count: u32, labels: u32, seed: u32): void {
  const args = at + 8;
  switch (load<u32>(at)) {
    case OP_CONVOLVE:
      return convolve(changetype<ConvolutionArgs>(args), scratch, first, last);
    case OP_WINOGRAD:
      return winograd(changetype<WinogradArgs>(args), scratch, first, last);
    case OP_STATISTICS:
      return statistics(changetype<NormArgs>(args), first, last);
    case OP_NORMALIZE:
      return normalize(changetype<NormArgs>(args), thread, first, last);
    case OP_GRADIENT_SUMS:
      return gradientSums(changetype<NormArgs>(args), thread, first, last);
    case OP_NORM_GRADIENT:
      return gradient(changetype<NormArgs>(args), thread, first, last);
    case OP_MAX_POOL:
      return maxPool(changetype<WindowArgs>(args), first, last);
    case OP_MAX_POOL_GRADIENT:
      return maxPoolGradient(changetype<WindowArgs>(args), first, last);
    case OP_RESIZE:
      return resize(changetype<ResizeArgs>(args), first, last);
    case OP_RESIZE_GRADIENT:
      return resizeGradient(changetype<ResizeArgs>(args), first, last);
    case OP_RELU_GRADIENT:
      return reluGradient(changetype<WindowArgs>(args), first, last);
    case OP_DROPOUT:
      return dropout(changetype<DropoutArgs>(args), seed, first, last);
    case OP_ZERO:
      return zero(changetype<ZeroArgs>(args), first, last);
    case OP_CLASSIFY:
      return classify(changetype<ClassifierArgs>(args), first, last);
    case OP_LOSS:
      return loss(changetype<ClassifierArgs>(args), labels, first, last, count);
    case OP_POOLED_GRADIENT:
      return pooledGradient(changetype<ClassifierArgs>(args), scratch, first, last);
    default:
      unreachable();
  }
}

// Whether all losses, of this step and those before, are finite.
function areFinite(args: FiniteArgs, thread: u32, count: u32): bool {
  if (load<u32>(args.stopped)) return false;
  for (let exit: u32 = 0; exit < args.exits; exit++) {
    for (let sample: u32 = 0; sample < count; sample++) {
      const loss = load<f64>(args.losses + exit * args.exitBytes + 8 * sample);
      if (loss - loss == 0) continue;
      // All threads find the same; the next step is to find it too.
      if (thread == 0) store<u32>(args.stopped, 1);
      return false;
    }
  }
  return true;
}

// Until all threads are here. `gate`: how many have come, and how often all have.
function wait(gate: u32, threads: u32): void {
  const turn = atomic.load<u32>(gate, 4);
  if (atomic.add<u32>(gate, 1) + 1 == threads) {
    atomic.store<u32>(gate, 0);
    atomic.add<u32>(gate, 1, 4);
    atomic.notify(gate + 4, -1);
    return;
  }
  // Others are mostly not far behind.
  for (let i = 0; i < 2000; i++) if (atomic.load<u32>(gate, 4) != turn) return;
  while (atomic.load<u32>(gate, 4) == turn) atomic.wait<i32>(gate + 4, turn, -1);
}
