/**
 * Generates the WGSL text of kernels: constants are put in front, and `// #for NAME in COUNT` … `// #end` is written
 * out once for each value from 0 to COUNT − 1, `// #for NAME in FIRST..LAST` for each from FIRST to LAST, with
 * `${NAME}` replaced; bounds are numbers or constants. WGSL itself cannot size registers by a constant, and need not
 * unroll a loop.
 *
 * @module
 */

/** Expands a kernel's `#for`s and declares its constants. */
export function specializeKernel(source: string, constants: Readonly<Record<string, number>>): string {
  const header = Object.entries(constants).map(([name, value]) => `const ${name} = ${value}u;\n`).join("");
  return header + unroll(source.split("\n"), constants).join("\n");
}

function unroll(lines: readonly string[], constants: Readonly<Record<string, number>>): string[] {
  const output: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const loop = lines[i].match(/^\/\/ #for (\w+) in (?:(\w+)\.\.)?(\w+)$/);
    if (!loop) {
      output.push(lines[i]);
      continue;
    }
    const [, name, first, last] = loop;
    const end = closing(lines, i);
    const boundOf = (bound: string): number => {
      const value = constants[bound] ?? Number(bound);
      if (Number.isNaN(value)) throw new Error(`Kernel line ${i + 1}: #for ${name} in ${bound}, which is not known`);
      return value;
    };
    const bound = first === undefined ? boundOf(last) : boundOf(last) + 1;
    for (let value = first === undefined ? 0 : boundOf(first); value < bound; value++) {
      const body = lines.slice(i + 1, end).map((line) => line.replaceAll(`\${${name}}`, `${value}`));
      output.push(...unroll(body, constants));
    }
    i = end;
  }
  return output;
}

/** The line of the `#end` that closes the `#for` on line `start`. */
function closing(lines: readonly string[], start: number): number {
  let depth = 0;
  for (let i = start; i < lines.length; i++) {
    if (lines[i].startsWith("// #for ")) depth++;
    if (lines[i] === "// #end" && --depth === 0) return i;
  }
  throw new Error(`Kernel line ${start + 1}: #for without #end`);
}
