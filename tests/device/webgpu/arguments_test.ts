import { assert, assertEquals } from "@std/assert";
import { WgslReflect } from "wgsl_reflect";
import {
  argumentBytes,
  ARGUMENTS,
  argumentStruct,
  type ArgumentTable,
  encodeArguments,
  type KernelName,
} from "../../../lib/device/webgpu/arguments.ts";
import {
  OPTIMIZER_ARGUMENTS,
  TRAINING_ARGUMENTS,
  type TrainingKernelName,
} from "../../../lib/device/webgpu/training_arguments.ts";
import { optimizerKernelCode, trainingKernelCode } from "../../../lib/device/webgpu/training_kernels.ts";
import { kernelCode } from "../../../lib/device/webgpu/kernels.ts";

const CONSTANTS = { PIXELS: 2, QUADS: 2, LANES: 8, ACROSS: 2, AHEAD: 1, INS: 2, OUTS: 2, SHIFTED: 1 };

/** A struct as `wgsl_reflect` returns it; its browser build has no types. */
interface Struct {
  readonly size: number;
  readonly members: readonly {
    readonly name: string;
    readonly offset: number;
    readonly type: { readonly name: string };
  }[];
}

/** The layout by WGSL's rules, from an independent implementation. */
function reflect(table: ArgumentTable): Struct {
  const { structs: [struct] } = new WgslReflect(
    `${argumentStruct(table)}@group(0) @binding(0) var<uniform> steps: array<Args, 3>;`,
  );
  return struct;
}

interface KernelText {
  readonly kernel: string;
  readonly table: ArgumentTable;
  readonly code: string;
  /** Arguments that only other kernels with the same table read. */
  readonly others?: readonly string[];
}

const FOR_OTHERS: Readonly<Record<string, readonly string[]>> = {
  "convolution-shared": ["tiles", "across"],
  "max-pool": ["inQuads"],
  resize: ["weights"],
  squeeze: ["weights"],
  excitation: ["weights"],
};

const KERNELS: readonly KernelText[] = [
  ...Object.entries(ARGUMENTS).map(([kernel, table]) => ({
    kernel,
    table,
    code: kernelCode({ kernel: kernel as KernelName, constants: CONSTANTS }, "float32"),
    others: FOR_OTHERS[kernel],
  })),
  ...(["steps", "whole"] as const).map((arithmetic) => ({
    kernel: `convolution in ${arithmetic}`,
    table: ARGUMENTS.convolution,
    code: kernelCode({ kernel: "convolution", constants: CONSTANTS, arithmetic }, "float32"),
    others: ["activation"],
  })),
  ...([["resize"], ["depthwise", "activation"], ["squeeze"], ["excitation", "gate"]] as const)
    .map((
      [kernel, ...others],
    ) => ({
      kernel: `${kernel} in steps`,
      table: ARGUMENTS[kernel],
      code: kernelCode({ kernel, constants: CONSTANTS, arithmetic: "steps" }, "float32"),
      others,
    })),
  ...Object.entries(TRAINING_ARGUMENTS).map(([kernel, table]) => ({
    kernel,
    table,
    code: trainingKernelCode({ kernel: kernel as TrainingKernelName, constants: CONSTANTS }),
  })),
  {
    kernel: "check and sgd",
    table: OPTIMIZER_ARGUMENTS,
    code: optimizerKernelCode({ kernel: "check", constants: CONSTANTS }) +
      optimizerKernelCode({ kernel: "sgd", constants: CONSTANTS }) +
      optimizerKernelCode({ kernel: "adamw", constants: CONSTANTS }),
  },
];

for (const { kernel, table, code, others = [] } of KERNELS) {
  Deno.test(`arguments of ${kernel} are written at the offsets that WGSL reads`, () => {
    const { members, size } = reflect(table);
    const names = Object.keys(table);
    assertEquals(size, argumentBytes(table));
    assertEquals(size % 16, 0);
    assertEquals(members.slice(0, names.length).map(({ name }) => name), names);
    assert(members.slice(names.length).every(({ name }) => name.startsWith("padding")));
    // A different number for each field of the second of two structs.
    const values = Object.fromEntries(names.map((name, i) => [name, i + 1]));
    const bytes = new DataView(encodeArguments(table, [values, values]).buffer, size);
    for (const { name, offset, type } of members.slice(0, names.length)) {
      const found = type.name === "f32" ? bytes.getFloat32(offset, true) : bytes.getUint32(offset, true);
      assertEquals(found, values[name], name);
    }
  });

  Deno.test(`${kernel} reads all of its arguments, without layout attributes`, () => {
    const read = new Set(code.matchAll(/args\.(\w+)/g).map(([, name]) => name));
    assertEquals([...read, ...others].toSorted(), Object.keys(table).toSorted());
    assert(!/@size|@align/.test(code));
  });
}
