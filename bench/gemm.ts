/**
 * The adapter's ceiling: the throughput of a matrix product in which each invocation keeps a square tile of results in registers,
 * without workgroup memory. This is the fastest way on a CPU driver; a GPU may be faster with workgroup memory.
 *
 * @module
 */

import { type Adapter, requestDevice } from "../lib/device/webgpu/adapter.ts";
import { inTurn, isFailure } from "./measure.ts";

/** A matrix product that can be run repeatedly. */
export interface Gemm extends Disposable {
  /** Side of the fastest tile. */
  readonly tile: number;
  /** Side of the matrices. */
  readonly size: number;
  /** Operations of a run; a multiply-add counts as two. */
  readonly operations: number;
  /** Computes products for about `seconds`. */
  run(): Promise<void>;
}

const TILES = [4, 8, 16];

/** Prepares the product with the tile that is fastest, in runs of about `seconds` each. */
export async function openGemm(adapter: Adapter, { seconds }: { readonly seconds: number }): Promise<Gemm> {
  const { lanes } = adapter.traits;
  // A CPU driver has few cores to fill.
  const size = adapter.isCpu ? 512 : 2048;
  const device = await requestDevice(adapter);
  const submits = await Promise.all(TILES.map((tile) => prepare(device, { tile, size, lanes })));
  const timings = await inTurn(submits.map((submit) => () => submit(1)), { rounds: 5, seconds: 5, warmup: 0.1 });
  const times = timings.map((timing) => isFailure(timing) ? Infinity : timing.ms);
  const fastest = times.indexOf(Math.min(...times));
  // Completion is polled. With many products per submission, this time is negligible.
  const products = Math.max(1, Math.round(1000 * seconds / times[fastest]));
  return {
    tile: TILES[fastest],
    size,
    operations: products * 2 * size ** 3,
    run: () => submits[fastest](products),
    [Symbol.dispose]: () => device.destroy(),
  };
}

async function prepare(
  device: GPUDevice,
  { tile, size, lanes }: { readonly tile: number; readonly size: number; readonly lanes: number },
): Promise<(products: number) => Promise<void>> {
  const pipeline = await device.createComputePipelineAsync({
    layout: "auto",
    compute: { module: device.createShaderModule({ code: shader(tile, size, lanes) }), entryPoint: "main" },
  });
  const values = new Float32Array(size ** 2).map((_, i) => i % 7 / 7);
  const entries = [0, 1, 2].map((binding) => {
    const buffer = device.createBuffer({
      size: values.byteLength,
      usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST,
    });
    device.queue.writeBuffer(buffer, 0, values);
    return { binding, resource: { buffer } };
  });
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  const submit = async (products: number) => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let i = 0; i < products; i++) pass.dispatchWorkgroups((size / tile) ** 2 / lanes);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  };
  await submit(1);
  return submit;
}

/** `c = aᵀ · b`, each invocation a tile of `c`. */
function shader(tile: number, size: number, lanes: number): string {
  const rows = Array.from({ length: tile }, (_, i) => i);
  const quads = rows.slice(0, tile / 4);
  const each = (lines: (row: number, quad: number) => string) =>
    rows.flatMap((row) => quads.map((quad) => lines(row, quad))).join("\n");
  return `
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4f>;

@compute @workgroup_size(${lanes})
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.x / ${size / tile}u * ${tile}u;
  let column = id.x % ${size / tile}u * ${tile / 4}u;
  ${each((row, quad) => `var s${row}_${quad} = vec4f();`)}
  for (var k = 0u; k < ${size}u; k++) {
    ${quads.map((quad) => `let a${quad} = a[k * ${size / 4}u + row / 4u + ${quad}u];`).join("\n")}
    ${quads.map((quad) => `let b${quad} = b[k * ${size / 4}u + column + ${quad}u];`).join("\n")}
    ${each((row, quad) => `s${row}_${quad} += a${row >> 2}[${row % 4}] * b${quad};`)}
  }
  ${each((row, quad) => `c[(row + ${row}u) * ${size / 4}u + column + ${quad}u] = s${row}_${quad};`)}
}`;
}
