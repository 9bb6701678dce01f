// The layers that inference and training share, over a range of samples. If several threads share a sample's layers,
// each thread computes a part; otherwise there is one part.

import {
  ConvolutionArgs,
  DepthwiseArgs,
  ExcitationArgs,
  Head,
  Int8ConvolutionArgs,
  Int8DepthwiseArgs,
  Int8ExcitationArgs,
  Int8ResizeArgs,
  Int8SqueezeArgs,
  OP_CONVOLVE,
  OP_CONVOLVE_INT8,
  OP_DEPTHWISE,
  OP_DEPTHWISE_INT8,
  OP_EXCITATION,
  OP_EXCITATION_INT8,
  OP_MAX_POOL,
  OP_MAX_POOL_INT8,
  OP_RESIZE,
  OP_RESIZE_INT8,
  OP_SQUEEZE,
  OP_SQUEEZE_INT8,
  OP_WINOGRAD,
  ResizeArgs,
  WindowArgs,
  WinogradArgs,
} from "./abi";
import { convolve } from "./convolution/forward";
import { convolveInt8 } from "./convolution/int8";
import { winograd } from "./convolution/winograd";
import { depthwise } from "./depthwise/forward";
import { depthwiseInt8 } from "./depthwise/int8";
import { excite } from "./excitation/forward";
import { exciteInt8 } from "./excitation/int8";
import { maxPool } from "./max-pool/forward";
import { maxPoolInt8 } from "./max-pool/int8";
import { resize } from "./resize/forward";
import { resizeInt8 } from "./resize/int8";
import { squeeze } from "./squeeze/forward";
import { squeezeInt8 } from "./squeeze/int8";

export function runLayer(head: Head, scratch: u32, first: u32, last: u32, part: u32, parts: u32): void {
  const args = changetype<u32>(head) + offsetof<Head>();
  switch (head.operation) {
    case OP_CONVOLVE:
      return convolve(changetype<ConvolutionArgs>(args), scratch, first, last, part, parts);
    case OP_WINOGRAD:
      return winograd(changetype<WinogradArgs>(args), scratch, first, last, part, parts);
    case OP_DEPTHWISE:
      return depthwise(changetype<DepthwiseArgs>(args), first, last, part, parts);
    case OP_SQUEEZE:
      return squeeze(changetype<WindowArgs>(args), first, last, part, parts);
    case OP_EXCITATION:
      return excite(changetype<ExcitationArgs>(args), first, last, part, parts);
    case OP_MAX_POOL:
      return maxPool(changetype<WindowArgs>(args), first, last, part, parts);
    case OP_RESIZE:
      return resize(changetype<ResizeArgs>(args), first, last, part, parts);
    case OP_CONVOLVE_INT8:
      return convolveInt8(changetype<Int8ConvolutionArgs>(args), scratch, first, last, part, parts);
    case OP_MAX_POOL_INT8:
      return maxPoolInt8(changetype<WindowArgs>(args), first, last, part, parts);
    case OP_RESIZE_INT8:
      return resizeInt8(changetype<Int8ResizeArgs>(args), first, last, part, parts);
    case OP_DEPTHWISE_INT8:
      return depthwiseInt8(changetype<Int8DepthwiseArgs>(args), first, last, part, parts);
    case OP_SQUEEZE_INT8:
      return squeezeInt8(changetype<Int8SqueezeArgs>(args), first, last, part, parts);
    case OP_EXCITATION_INT8:
      return exciteInt8(changetype<Int8ExcitationArgs>(args), first, last, part, parts);
    default:
      unreachable();
  }
}
