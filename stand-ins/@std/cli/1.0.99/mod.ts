// deno-lint-ignore-file no-import-prefix -- a package from a registry has no import map

/**
 * Replaces `@std/cli` where JSR cannot be reached: `parseArgs` based on minimist, the model of the original.
 *
 * @module
 */

// @ts-types="npm:@types/minimist@1.2.5"
import minimist from "npm:minimist@1.2.8";

type Names<Name extends string> = Name | readonly Name[];

/** The arguments that `parseArgs` expects. */
export interface ParseOptions<
  Bools extends string = string,
  Strings extends string = string,
  Collected extends string = string,
  Negatables extends string = string,
  Defaults extends object = object,
  Aliases extends Record<string, Names<string>> = Record<string, Names<string>>,
> {
  /** Put the arguments after `--` in the result's `"--"` instead of `_`. */
  "--"?: boolean;
  /** Other names of an argument. */
  alias?: Aliases;
  /** Arguments without a value, false unless given. */
  boolean?: boolean | Names<Bools>;
  /** Arguments whose values are not converted to numbers. */
  string?: Names<Strings>;
  /** Arguments whose values are collected; for other arguments, the last value counts. */
  collect?: Names<Collected>;
  /** Arguments that `--no-name` sets to false. */
  negatable?: Names<Negatables>;
  /** Default values of arguments. */
  default?: Defaults;
  /** Treat all arguments after the first positional one as positional. */
  stopEarly?: boolean;
  /** Called for positional and unexpected arguments; false drops them. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

type Values<
  Bools extends string,
  Strings extends string,
  Collected extends string,
  Negatables extends string,
  Defaults extends object,
> =
  & { [K in Bools]: K extends Collected ? boolean[] : boolean }
  & {
    [K in Strings & Collected]:
      | string[]
      | (K extends Negatables ? false : never);
  }
  & {
    [K in Exclude<Strings, Collected> & keyof Defaults]:
      | string
      | (undefined extends Defaults[K] ? undefined : never)
      | (K extends Negatables ? false : never);
  }
  & {
    [K in Exclude<Strings, Collected | keyof Defaults>]?:
      | string
      | (K extends Negatables ? false : never);
  }
  & { [K in Exclude<keyof Defaults, Bools | Strings>]: unknown };

type AliasOf<T, Aliases> = {
  [
    K in keyof T as K extends keyof Aliases ? Aliases[K] extends Names<infer Name> ? Name : never
      : never
  ]: T[K];
};

/** The result of `parseArgs`: values by name, and positional arguments in `_`. */
// deno-lint-ignore no-explicit-any
export type Args<T = Record<string, any>> = T & {
  /** Positional arguments; those that look like numbers are numbers, unless `_` is among the strings. */
  _: (string | number)[];
  /** The arguments after `--`, if requested. */
  "--"?: string[];
};

/** Minimist treats every name with `no-` as a negation. This prefix hides names that are not negations. */
const HIDE = "\0";

/**
 * Parses command-line arguments. Unlike in the original, `unknown` does not receive a value that is a separate
 * argument.
 */
export function parseArgs<
  const Bools extends string = never,
  const Strings extends string = never,
  const Collected extends string = never,
  const Negatables extends string = never,
  Defaults extends object = Record<never, never>,
  const Aliases extends Record<string, Names<string>> = Record<never, never>,
>(
  args: string[],
  options: ParseOptions<
    Bools,
    Strings,
    Collected,
    Negatables,
    Defaults,
    Aliases
  > = {},
): Args<
  [Bools | Strings | Collected] extends [never]
    // deno-lint-ignore no-explicit-any
    ? Record<string, any>
    :
      & Record<string, unknown>
      & Values<Bools, Strings, Collected, Negatables, Defaults>
      & AliasOf<
        Values<Bools, Strings, Collected, Negatables, Defaults>,
        Aliases
      >
> {
  const { collect, negatable, unknown, default: defaults = {}, ...rest } = options;
  const withAliases = (names: Names<string> = []): Set<string> => {
    const groups = Object.entries(options.alias ?? {}).map(([name, others]) => [name, others].flat());
    return new Set(
      [names].flat().flatMap((name) => [
        name,
        ...groups.filter((g) => g.includes(name)).flat(),
      ]),
    );
  };
  const negatables = withAliases(negatable);
  const collected = withAliases(collect);
  const show = (text: string) => text.replace(HIDE, "");

  const parsed = minimist(
    args.map((arg) => negatables.has(arg.slice(5)) ? arg : arg.replace(/^--(?=no-[^=]+$)/s, `--${HIDE}`)),
    {
      ...rest as minimist.Opts,
      default: defaults as Record<string, unknown>,
      unknown: (hidden) => {
        const arg = show(hidden);
        const flag = /^(?:--([^=]+)|-([^-]))(?:=(.*))?/s.exec(arg);
        if (!unknown) return true;
        return (flag ? unknown(arg, flag[1] ?? flag[2], flag[3] ?? true) : unknown(arg)) !== false;
      },
    },
  );

  const result: Args = { _: parsed._ };
  for (const [name, value] of Object.entries(parsed)) {
    const isDefault = Object.is(
      value,
      (defaults as Record<string, unknown>)[name],
    );
    if (name === "_" || name === "--") {
      result[name] = value.map((item: unknown) => typeof item === "string" ? show(item) : item);
    } else if (isDefault) result[name] = value;
    else if (collected.has(name)) {
      result[name] = value === false && withAliases(rest.boolean as Names<string>).has(name) ? [] : [value].flat();
    } else result[name] = Array.isArray(value) ? value.at(-1) : value;
    if (name.startsWith(HIDE)) {
      result[show(name)] = result[name];
      delete result[name];
    }
  }
  const typed = withAliases([rest.string ?? []].flat());
  for (const name of collected) if (typed.has(name)) result[name] ??= [];
  // deno-lint-ignore no-explicit-any
  return result as any;
}
