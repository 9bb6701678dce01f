/**
 * Reads Python pickles as plain data without running any code. A pickle is a program for a small stack machine; only
 * the instructions that `torch.save` writes (protocols 2 to 5) are supported. The caller gives a list of known names.
 * Any other name, and any result of calling it, is opaque: it is represented by a {@linkcode PickleOpaque}, and reading
 * continues.
 *
 * Python's None, numbers and strings become their JavaScript equivalents (integers above 2⁵³ become bigints), lists and
 * tuples become arrays, dicts Maps, and sets Sets. Values are shared by reference as in the pickle and are never
 * traversed here. Therefore neither deep nesting nor a memo that doubles itself costs more than the instructions in the
 * file.
 *
 * @module
 */

import { RanetError } from "../errors.ts";

/** A value that only Python could create. */
export class PickleOpaque {
  /** Dotted name of the class or function that creates it. */
  readonly name: string;

  /** @param name Dotted name of the class or function that creates it. */
  constructor(name: string) {
    this.name = name;
  }
}

/**
 * Implementation of a known Python callable. It may return a {@linkcode PickleOpaque}.
 *
 * @throws {RanetError} If the arguments are not valid.
 */
export type PickleConstructor = (args: readonly unknown[]) => unknown;

/** A known Python name in a pickle. */
export class PickleGlobal {
  /** Dotted name. */
  readonly name: string;
  /** Implementation of a call. */
  readonly construct?: PickleConstructor;

  /** @param name Dotted name. @param construct Implementation of a call. Without it, the result is opaque. */
  constructor(name: string, construct?: PickleConstructor) {
    this.name = name;
    this.construct = construct;
  }
}

/** A value that a known callable returns and that takes attributes. */
export abstract class PickleObject {
  /**
   * Sets its attributes.
   *
   * @throws {RanetError} If they are not valid.
   */
  abstract build(state: unknown): void;
}

/** Options of {@linkcode unpickle}. */
export interface UnpickleOptions {
  /**
   * Start of the pickle in bytes.
   * @default {0}
   */
  readonly offset?: number;
  /** Known names. */
  readonly globals: ReadonlyMap<string, PickleGlobal>;
  /** Resolves a reference to an object outside the pickle. */
  readonly persistentLoad: (id: unknown) => unknown;
  /**
   * What Python 2's strings of more than 255 bytes are. NumPy stored arrays in them.
   * @default {"text"}
   */
  readonly longStrings?: "text" | "bytes";
}

/** Result of {@linkcode unpickle}. */
export interface Unpickled {
  /** The object. */
  readonly value: unknown;
  /** The position after the pickle, in bytes. */
  readonly end: number;
}

/** Limit of instructions, which bounds the number of objects. A network of 1,000 tensors takes 36,000. */
const MAX_INSTRUCTIONS = 2_000_000;

/** Size limit of an integer in bytes. Python's integers are unlimited, and converting a huge one would take long. */
const MAX_INTEGER_BYTES = 1024;

/**
 * Reads one pickle.
 *
 * @throws {RanetError} If it is truncated or malformed, or has an unknown instruction.
 */
export function unpickle(bytes: Uint8Array, options: UnpickleOptions): Unpickled {
  const machine = new PickleMachine(bytes, options);
  for (let count = 0; count < MAX_INSTRUCTIONS; count++) {
    if (machine.step()) return { value: machine.pop(), end: machine.at };
  }
  throw new RanetError(`its pickle has more than ${MAX_INSTRUCTIONS} instructions`);
}

const DECODER = new TextDecoder();

class PickleMachine {
  at: number;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #options: UnpickleOptions;
  readonly #stack: unknown[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, unknown>();

  constructor(bytes: Uint8Array, options: UnpickleOptions) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#options = options;
    this.at = options.offset ?? 0;
  }

  /** Runs one instruction. Returns true if it was the last. */
  step(): boolean {
    const stack = this.#stack;
    const opcode = this.#uint8();
    switch (opcode) {
      case 0x80: { // PROTO
        const protocol = this.#uint8();
        if (protocol > 5) throw new RanetError(`its pickle has protocol ${protocol}, newer than 5`);
        return false;
      }
      case 0x95: // FRAME
        this.#take(8);
        return false;
      case 0x2e: // STOP
        return true;

      case 0x4e: // NONE
        stack.push(null);
        return false;
      case 0x88: // NEWTRUE
        stack.push(true);
        return false;
      case 0x89: // NEWFALSE
        stack.push(false);
        return false;
      case 0x4b: // BININT1
        stack.push(this.#uint8());
        return false;
      case 0x4d: // BININT2
        stack.push(this.#view.getUint16(this.#take(2), true));
        return false;
      case 0x4a: // BININT
        stack.push(this.#view.getInt32(this.#take(4), true));
        return false;
      case 0x8a: // LONG1
        stack.push(this.#long(this.#uint8()));
        return false;
      case 0x8b: // LONG4
        stack.push(this.#long(this.#uint32()));
        return false;
      case 0x47: // BINFLOAT
        stack.push(this.#view.getFloat64(this.#take(8)));
        return false;
      case 0x8c: // SHORT_BINUNICODE
      case 0x55: // SHORT_BINSTRING
        stack.push(this.#text(this.#uint8()));
        return false;
      case 0x58: // BINUNICODE
        stack.push(this.#text(this.#uint32()));
        return false;
      case 0x54: // BINSTRING
        stack.push(this.#options.longStrings === "bytes" ? this.#raw(this.#uint32()) : this.#text(this.#uint32()));
        return false;
      case 0x8d: // BINUNICODE8
        stack.push(this.#text(this.#uint64()));
        return false;
      case 0x43: // SHORT_BINBYTES
        stack.push(this.#raw(this.#uint8()));
        return false;
      case 0x42: // BINBYTES
        stack.push(this.#raw(this.#uint32()));
        return false;
      case 0x8e: // BINBYTES8
      case 0x96: // BYTEARRAY8
        stack.push(this.#raw(this.#uint64()));
        return false;

      case 0x28: // MARK
        this.#marks.push(stack.length);
        return false;
      case 0x30: // POP, written for a tuple that contains itself
        this.pop();
        return false;
      case 0x31: // POP_MARK, written for the same reason
        this.#popMark();
        return false;
      case 0x29: // EMPTY_TUPLE
      case 0x5d: // EMPTY_LIST
        stack.push([]);
        return false;
      case 0x85: // TUPLE1
      case 0x86: // TUPLE2
      case 0x87: // TUPLE3
        stack.push(Array.from({ length: opcode - 0x84 }, () => this.pop()).reverse());
        return false;
      case 0x74: // TUPLE
        stack.push(this.#popMark());
        return false;
      case 0x61: // APPEND
        this.#append([this.pop()]);
        return false;
      case 0x65: // APPENDS
        this.#append(this.#popMark());
        return false;
      case 0x7d: // EMPTY_DICT
        stack.push(new Map());
        return false;
      case 0x73: // SETITEM
        this.#setItems([this.pop(), this.pop()].reverse());
        return false;
      case 0x75: // SETITEMS
        this.#setItems(this.#popMark());
        return false;

      case 0x8f: // EMPTY_SET
        stack.push(new Set());
        return false;
      case 0x90: // ADDITEMS
        this.#addItems(this.#popMark());
        return false;
      case 0x91: // FROZENSET
        stack.push(new Set(this.#popMark()));
        return false;

      case 0x71: // BINPUT
        this.#memo.set(this.#uint8(), this.#top());
        return false;
      case 0x72: // LONG_BINPUT
        this.#memo.set(this.#uint32(), this.#top());
        return false;
      case 0x94: // MEMOIZE
        this.#memo.set(this.#memo.size, this.#top());
        return false;
      case 0x68: // BINGET
        stack.push(this.#remembered(this.#uint8()));
        return false;
      case 0x6a: // LONG_BINGET
        stack.push(this.#remembered(this.#uint32()));
        return false;

      case 0x63: // GLOBAL
        stack.push(this.#global(this.#line(), this.#line()));
        return false;
      case 0x93: { // STACK_GLOBAL
        const [name, module] = [this.pop(), this.pop()];
        stack.push(this.#global(module, name));
        return false;
      }
      case 0x52: // REDUCE
      case 0x81: { // NEWOBJ
        const [args, callee] = [this.pop(), this.pop()];
        stack.push(this.#call(callee, args));
        return false;
      }
      case 0x92: { // NEWOBJ_EX: with named arguments, which no known name takes
        const [, args, callee] = [this.pop(), this.pop(), this.pop()];
        stack.push(this.#call(callee, args));
        return false;
      }
      case 0x6f: { // OBJ: an instance of a Python 2.7 class
        const [callee, ...args] = this.#popMark();
        stack.push(this.#call(callee, args));
        return false;
      }
      case 0x62: { // BUILD: sets attributes, which most values here do not have (such as OrderedDict's _metadata)
        const state = this.pop();
        const target = this.#top();
        if (target instanceof PickleObject) target.build(state);
        if (typeof target !== "object" || Array.isArray(target)) throw this.#malformed();
        return false;
      }
      case 0x51: // BINPERSID
        stack.push(this.#options.persistentLoad(this.pop()));
        return false;
    }
    throw new RanetError(
      `its pickle has an instruction that torch.save does not write: 0x${opcode.toString(16)} at byte ${this.at - 1}`,
    );
  }

  pop(): unknown {
    const value = this.#top();
    this.#stack.length--;
    return value;
  }

  #top(): unknown {
    if (this.#stack.length <= (this.#marks.at(-1) ?? 0)) throw this.#malformed();
    return this.#stack.at(-1);
  }

  #popMark(): unknown[] {
    const mark = this.#marks.pop();
    if (mark === undefined) throw this.#malformed();
    return this.#stack.splice(mark);
  }

  #append(items: readonly unknown[]): void {
    const list = this.#top();
    if (list instanceof PickleOpaque) return;
    if (!Array.isArray(list)) throw this.#malformed();
    for (const item of items) list.push(item);
  }

  #setItems(items: readonly unknown[]): void {
    const dict = this.#top();
    if (items.length % 2 !== 0) throw this.#malformed();
    if (dict instanceof PickleOpaque) return;
    if (!(dict instanceof Map)) throw this.#malformed();
    for (let i = 0; i < items.length; i += 2) dict.set(items[i], items[i + 1]);
  }

  #addItems(items: readonly unknown[]): void {
    const set = this.#top();
    if (set instanceof PickleOpaque) return;
    if (!(set instanceof Set)) throw this.#malformed();
    for (const item of items) set.add(item);
  }

  #remembered(index: number): unknown {
    if (!this.#memo.has(index)) throw this.#malformed();
    return this.#memo.get(index);
  }

  #global(module: unknown, name: unknown): PickleGlobal | PickleOpaque {
    if (typeof module !== "string" || typeof name !== "string") throw this.#malformed();
    const path = `${module}.${name}`;
    return this.#options.globals.get(path) ?? new PickleOpaque(path);
  }

  #call(callee: unknown, args: unknown): unknown {
    if (callee instanceof PickleOpaque) return callee;
    if (!(callee instanceof PickleGlobal)) throw this.#malformed();
    if (args instanceof PickleOpaque) return args;
    if (!Array.isArray(args)) throw this.#malformed();
    return callee.construct ? callee.construct(args) : new PickleOpaque(callee.name);
  }

  #malformed(): RanetError {
    return new RanetError(`its pickle is malformed at byte ${this.at - 1}`);
  }

  /** Skips the next `count` bytes and returns their position. */
  #take(count: number): number {
    const start = this.at;
    if (count > this.#bytes.length - start) throw new RanetError("its pickle does not end; the file may be truncated");
    this.at += count;
    return start;
  }

  #uint8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  #uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** A count. Above 2⁵³ it is inexact, but larger than any file. */
  #uint64(): number {
    return Number(this.#view.getBigUint64(this.#take(8), true));
  }

  #raw(count: number): Uint8Array {
    const start = this.#take(count);
    return this.#bytes.subarray(start, start + count);
  }

  #text(count: number): string {
    return DECODER.decode(this.#raw(count));
  }

  #line(): string {
    const newline = this.#bytes.indexOf(0x0a, this.at);
    const line = this.#text(newline < 0 ? Infinity : newline - this.at);
    this.#take(1);
    return line;
  }

  /** A little-endian two's complement integer. One above the size limit is opaque. */
  #long(count: number): number | bigint | PickleOpaque {
    if (count > MAX_INTEGER_BYTES) return new PickleOpaque(`int of ${this.#raw(count).length} bytes`);
    const value = BigInt.asIntN(8 * count, BigInt(`0x0${this.#raw(count).toReversed().toHex()}`));
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
}
