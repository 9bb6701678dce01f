/**
 * Makes CPU drivers appear as GPUs.
 *
 * @module
 */

/** Hides that adapters compute on the CPU. */
export function asGpus(): Disposable {
  const { requestAdapter } = GPU.prototype;
  GPU.prototype.requestAdapter = async function (options) {
    const found = await requestAdapter.call(this, options);
    return found && new Proxy(found, {
      get: (target, key) => {
        if (key === "info") return { ...plain(target.info), description: "a GPU", isFallbackAdapter: false };
        const value = Reflect.get(target, key);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };
  return { [Symbol.dispose]: () => void (GPU.prototype.requestAdapter = requestAdapter) };
}

function plain({ vendor, subgroupMinSize, subgroupMaxSize }: GPUAdapterInfo) {
  return { vendor, architecture: "", device: "", subgroupMinSize, subgroupMaxSize };
}
