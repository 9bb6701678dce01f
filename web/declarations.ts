/**
 * Writes the types of the browser library in one file: the declarations that its entry points export, and those to
 * which they refer.
 *
 * @module
 */

import { fileURLToPath } from "node:url";
import ts from "typescript";

/** Standard libraries of TypeScript that the declarations need, independent of the user's `lib`. */
const LIBRARIES = ["es2022", "esnext.disposable", "dom"].map((lib) => `/// <reference lib="${lib}" />\n`).join("");

/** Declarations of a module. */
interface Module {
  /** Declarations by name. Overloads are one declaration. */
  readonly declared: Map<string, string>;
  /** Re-exports, as `name` or `name as another`. */
  readonly exported: string[];
  /** Imported modules. */
  readonly imported: URL[];
}

/**
 * Writes the declarations of modules.
 *
 * @param entries Modules that only re-export.
 * @returns The text of a `.d.ts` file that imports nothing.
 * @throws {Error} If two modules declare the same name, or one imports a type from a package.
 */
export async function declarationsOf(entries: readonly URL[]): Promise<string> {
  const modules = new Map<string, Module>();
  const visit = async (url: URL): Promise<void> => {
    if (modules.has(url.href)) return;
    const module = await readModule(url);
    modules.set(url.href, module);
    for (const next of module.imported) await visit(next);
  };
  for (const entry of entries) await visit(entry);
  const all = new Map<string, string>();
  for (const [url, { declared }] of modules) {
    for (const [name, text] of declared) {
      if (all.has(name)) throw new Error(`Cannot write declarations: ${url} declares ${name}, as another module does`);
      all.set(name, text);
    }
  }
  const exported = [...new Set(entries.flatMap(({ href }) => modules.get(href)!.exported))];
  const own = exported.map((one) => one.split(" as ")[0]);
  return `${LIBRARIES}${needed(own, all).join("")}\nexport {\n  ${exported.join(",\n  ")},\n};\n`;
}

/** The declarations of names, and recursively of all names in them. */
function needed(names: readonly string[], all: ReadonlyMap<string, string>): string[] {
  const wanted = new Set(names);
  // The set grows during the iteration.
  for (const name of wanted) {
    const text = all.get(name);
    if (text === undefined) throw new Error(`Cannot write declarations: nothing declares ${name}`);
    for (const [word] of text.replaceAll(/\/\*.*?\*\//gs, "").matchAll(/\w+/g)) {
      if (all.has(word)) wanted.add(word);
    }
  }
  return [...wanted].map((name) => all.get(name)!);
}

async function readModule(url: URL): Promise<Module> {
  const module: Module = { declared: new Map(), exported: [], imported: [] };
  const declarations = await transpile(url);
  for (const statement of ts.createSourceFile("", declarations, ts.ScriptTarget.Latest, true).statements) {
    if (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)) {
      const { moduleSpecifier } = statement;
      // Only `export {}` has no module specifier.
      if (moduleSpecifier) module.imported.push(moduleAt((moduleSpecifier as ts.StringLiteral).text, url));
      if (ts.isExportDeclaration(statement)) module.exported.push(...exportedNames(statement));
    } else {
      const text = `\n${statement.getFullText().trim()}\n`.replace(/^export (declare )?/m, "declare ");
      const name = nameOf(statement);
      module.declared.set(name, (module.declared.get(name) ?? "") + text);
    }
  }
  return module;
}

async function transpile(url: URL): Promise<string> {
  const { outputText } = ts.transpileDeclaration(await Deno.readTextFile(url), { fileName: fileURLToPath(url) });
  return outputText
    .replaceAll(/\/\*\*(?:(?!\*\/).)*@module\s*\*\/\n?/gs, "")
    // TypeScript 5.9 declares a method with a symbol for a name twice, once as a property.
    .replaceAll(/(?: *\/\*\*(?:(?!\*\/).)*\*\/\n)? *\[Symbol\.\w+\]: \(\) => \w+;\n/gs, "");
}

function moduleAt(specifier: string, from: URL): URL {
  if (specifier.startsWith(".")) return new URL(specifier, from);
  throw new Error(`Cannot write declarations: ${from} takes a type from the package ${specifier}`);
}

function exportedNames({ exportClause }: ts.ExportDeclaration): string[] {
  if (!exportClause || !ts.isNamedExports(exportClause)) throw new Error("Cannot write declarations of export *");
  return exportClause.elements.map(({ name, propertyName }) =>
    propertyName ? `${propertyName.text} as ${name.text}` : name.text
  );
}

function nameOf(statement: ts.Statement): string {
  const named = ts.isVariableStatement(statement) ? statement.declarationList.declarations[0] : statement;
  return (named as ts.DeclarationStatement).name!.getText();
}
