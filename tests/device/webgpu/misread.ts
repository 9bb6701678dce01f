/**
 * Simulates drivers that misread a kernel, for tests of the self-tests.
 *
 * @module
 */

import { assertNotEquals } from "@std/assert";

/** Makes the driver misread a kernel until it is disposed of, and counts how often this happened. */
export function misread(kernel: string, from: string, to: string): { readonly times: () => number } & Disposable {
  const { createShaderModule } = GPUDevice.prototype;
  let times = 0;
  GPUDevice.prototype.createShaderModule = function (descriptor) {
    if (!descriptor.label?.startsWith(kernel)) return createShaderModule.call(this, descriptor);
    const code = descriptor.code.replaceAll(from, to);
    assertNotEquals(code, descriptor.code, `${kernel} has no ${from}`);
    times++;
    return createShaderModule.call(this, { ...descriptor, code });
  };
  return {
    times: () => times,
    [Symbol.dispose]: () => void (GPUDevice.prototype.createShaderModule = createShaderModule),
  };
}

/** Simulates a system where nothing can be stored between runs. */
export function withoutCache(): Disposable {
  const { open } = caches;
  caches.open = () => Promise.reject(new Error("there is no cache"));
  return { [Symbol.dispose]: () => void (caches.open = open) };
}
