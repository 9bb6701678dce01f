/**
 * Adds JavaScript built-ins that the library uses and that the oldest supported browsers lack (docs/browser.md): Chrome
 * 113, Firefox 121, Safari 17. Only missing functions are added, and only as far as they are used; a test determines
 * which are used. The core-js package would need 36 kB for the same.
 *
 * @module
 */

/// <reference lib="dom" />

// deno-lint-ignore no-explicit-any -- older type definitions lack these functions, too
type Any = any;

/** Adds missing functions, not enumerable like built-ins. */
function add(target: object, members: Readonly<Record<string | symbol, (this: Any, ...args: Any[]) => unknown>>): void {
  for (const name of Reflect.ownKeys(members)) {
    if (name in target) continue;
    Object.defineProperty(target, name, {
      value: (members as Any)[name],
      writable: true,
      configurable: true,
      enumerable: false,
    });
  }
}

// This must come before classes with such methods are defined.
for (const name of ["dispose", "asyncDispose"]) {
  if (!(name in Symbol)) Object.defineProperty(Symbol, name, { value: Symbol.for(`Symbol.${name}`) });
}

add(globalThis, {
  DisposableStack: class {
    #owned: (Disposable | null | undefined)[] = [];

    use(resource: Any) {
      this.#owned.push(resource);
      return resource;
    }

    move() {
      const next = new (globalThis as Any).DisposableStack();
      for (const resource of this.#owned.splice(0)) next.use(resource);
      return next;
    }

    [Symbol.dispose]() {
      for (const resource of this.#owned.splice(0).reverse()) resource?.[Symbol.dispose]();
    }
  } as Any,
});

add(Promise, {
  withResolvers() {
    let resolve: Any, reject: Any;
    const promise = new Promise((yes, no) => [resolve, reject] = [yes, no]);
    return { promise, resolve, reject };
  },
  try: (call, ...args) => new Promise((resolve) => resolve(call(...args))),
});

add(Array, {
  async fromAsync(items, map) {
    const list: unknown[] = [];
    for await (const item of items) list.push(map ? await map(item, list.length) : item);
    return list;
  },
});

add(Map, {
  groupBy(items, keyOf) {
    const groups = new Map<unknown, unknown[]>();
    let index = 0;
    for (const item of items) {
      const key = keyOf(item, index++);
      const group = groups.get(key);
      if (group) group.push(item);
      else groups.set(key, [item]);
    }
    return groups;
  },
});

add(Uint8Array, {
  fromBase64: (text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0)),
});
add(Uint8Array.prototype, {
  toHex() {
    return Array.from(this as Uint8Array, (byte) => byte.toString(16).padStart(2, "0")).join("");
  },
});

add(RegExp, {
  // Characters other than letters, digits and underscores are escaped as codes.
  escape: (text: string) =>
    text.replace(/\W|^[0-9a-zA-Z]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`),
});

const bytes = {
  async bytes(this: { arrayBuffer(): Promise<ArrayBuffer> }) {
    return new Uint8Array(await this.arrayBuffer());
  },
};
add(Blob.prototype, bytes);
add(Response.prototype, bytes);

add(ReadableStream.prototype, {
  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, undefined> {
    const reader = this.getReader();
    try {
      for (let part = await reader.read(); !part.done; part = await reader.read()) yield part.value;
    } finally {
      await reader.cancel();
    }
    return undefined;
  },
});

const iterator = Object.getPrototypeOf(Object.getPrototypeOf([].values()));
add(iterator, {
  *map(call) {
    let index = 0;
    for (const item of this) yield call(item, index++);
  },
  *filter(call) {
    let index = 0;
    for (const item of this) if (call(item, index++)) yield item;
  },
  *take(count) {
    if (count > 0) {
      for (const item of this) {
        yield item;
        if (--count <= 0) return;
      }
    }
  },
  reduce(call, ...start) {
    return [...this].reduce(call, ...start as [Any]);
  },
  some(call) {
    let index = 0;
    for (const item of this) if (call(item, index++)) return true;
    return false;
  },
  every(call) {
    let index = 0;
    for (const item of this) if (!call(item, index++)) return false;
    return true;
  },
  find(call) {
    let index = 0;
    for (const item of this) if (call(item, index++)) return item;
  },
  forEach(call) {
    let index = 0;
    for (const item of this) call(item, index++);
  },
  toArray() {
    return [...this];
  },
});
