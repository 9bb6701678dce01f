/**
 * Kernels as WGSL text: constants are put in front, and `// #for NAME in CONSTANT` … `// #end` is written out once per
 * value, with `${NAME}` replaced. WGSL itself can neither size registers by a constant nor be trusted to unroll a loop.
 *
 * @module
 */

/** Writes out a kernel's `#for`s and declares its constants. */
export function specializeKernel(source: string, constants: Readonly<Record<string, number>>): string {
  const header = Object.entries(constants).map(([name, value]) => `const ${name} = ${value}u;\n`).join("");
  return header + unroll(source.split("\n"), constants).join("\n");
}

function unroll(lines: readonly string[], constants: Readonly<Record<string, number>>): string[] {
  const output: string[] = [];
  for (let i = 0; i < lines.length; i++) {
    const loop = lines[i].match(/^\/\/ #for (\w+) in (\w+)$/);
    if (!loop) {
      output.push(lines[i]);
      continue;
    }
    const [, name, constant] = loop;
    const end = closing(lines, i);
    const count = constants[constant] ?? Number(constant);
    if (Number.isNaN(count)) throw new Error(`Kernel line ${i + 1}: #for ${name} in ${constant}, which is not known`);
    for (let value = 0; value < count; value++) {
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
