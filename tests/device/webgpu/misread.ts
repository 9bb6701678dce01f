/**
 * Drivers that take a kernel for something else, for tests of the self-tests.
 *
 * @module
 */

import { assertNotEquals } from "@std/assert";

/** Makes the driver misread a kernel until disposed of; tells how often it did. */
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

/** As where nothing can be kept from one run to the next. */
export function withoutCache(): Disposable {
  const { open } = caches;
  caches.open = () => Promise.reject(new Error("there is no cache"));
  return { [Symbol.dispose]: () => void (caches.open = open) };
}
