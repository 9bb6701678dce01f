/**
 * The command line: runs the command, and turns errors into messages and exit codes.
 *
 * @module
 */

import config from "../../deno.json" with { type: "json" };
import { IMAGE_FILE } from "../data/image_files.ts";
import { RanetError } from "../errors.ts";
import { isUrl } from "../io/place.ts";
import { suggest } from "../text/suggest.ts";
import { parseCall, unknownOption } from "./args.ts";
import { calibrateCommand } from "./calibrate.ts";
import { classifyCommand } from "./classify.ts";
import { type Command, InterruptedError, type Terminal, UsageError } from "./command.ts";
import { devicesCommand } from "./devices.ts";
import { diffCommand } from "./diff.ts";
import { drawCommand } from "./draw.ts";
import { evalCommand } from "./eval.ts";
import { exportCommand } from "./export.ts";
import { forwardCommand } from "./forward.ts";
import { commandHelp, overallHelp, startHelp, type Task, taskHelp } from "./help.ts";
import { importCommand } from "./import.ts";
import { mergeCommand } from "./merge.ts";
import { newCommand } from "./new.ts";
import { planCommand } from "./plan.ts";
import { quantizeCommand } from "./quantize.ts";
import { serveCommand } from "./serve.ts";
import { specCommand } from "./spec.ts";
import { systemReason } from "../io/system_error.ts";
import { printable } from "./text.ts";
import { trainCommand } from "./train.ts";
import { tuneCommand } from "./tune.ts";

const COMMANDS: readonly Command[] = [
  classifyCommand,
  calibrateCommand,
  evalCommand,
  mergeCommand,
  planCommand,
  drawCommand,
  diffCommand,
  newCommand,
  trainCommand,
  forwardCommand,
  specCommand,
  importCommand,
  quantizeCommand,
  exportCommand,
  serveCommand,
  devicesCommand,
  tuneCommand,
];

/** Exit code after SIGINT by convention of shells: 128 + 2. */
const INTERRUPTED = 130;

/** Tasks that the launcher also runs in a clone. */
const TASKS: readonly Task[] = import.meta.url.startsWith("file:")
  ? Object.entries(config.tasks).map(([name, task]) => ({ name, ...task }))
  : [];

/**
 * Runs a command line.
 *
 * @param args The arguments, without the program's name.
 * @param terminal Standard input and output.
 * @returns The exit code: 0, 1 if the input cannot be used, 2 for wrong usage, or 130
 * if it was interrupted. Internal errors are thrown.
 */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    await dispatch(args, terminal);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      const command = COMMANDS.find(({ name }) => name === args[0]);
      terminal.stderr(`${printableLines(error.message)}\nSee: ranet${command ? ` ${command.name}` : ""} --help`);
      return 2;
    }
    if (error instanceof InterruptedError) {
      terminal.stderr(error.message);
      return INTERRUPTED;
    }
    const reason = systemReason(error);
    if (!(error instanceof RanetError) && reason === undefined) throw error;
    terminal.stderr(error instanceof RanetError ? textOf(error) : `Cannot use a file: ${reason}`);
    return 1;
  }
}

async function dispatch([name, ...words]: readonly string[], terminal: Terminal): Promise<void> {
  if (name === undefined) return terminal.stdout(startHelp());
  if (["--help", "-h", "help"].includes(name)) return terminal.stdout(helpOn(words[0]));
  if (name === "--version") return terminal.stdout(`ranet ${config.version}`);
  if (name.startsWith("-")) throw unknownOption(name, ["help", "version"]);
  const command = COMMANDS.find((command) => command.name === name);
  if (!command) throw unknownCommand(name);
  const call = parseCall(command, words);
  if (call === "help") terminal.stdout(commandHelp(command));
  else {
    const stdout = command.isLong ? terminal.announce ?? terminal.stdout : terminal.stdout;
    await command.run(call, { ...terminal, stdout });
  }
}

/** Help for a command or task, or the overall help. */
function helpOn(name: string | undefined): string {
  if (name === undefined) return overallHelp(COMMANDS, TASKS);
  const command = COMMANDS.find((command) => command.name === name);
  if (command) return commandHelp(command);
  const task = TASKS.find((task) => task.name === name);
  if (task) return taskHelp(task);
  throw unknownCommand(name);
}

function unknownCommand(name: string): UsageError {
  const start = `Cannot run ${JSON.stringify(name)}: there is no such command;`;
  if (IMAGE_FILE.test(name) || isUrl(name)) return new UsageError(`${start} did you mean ranet classify ${name}?`);
  const names = [...COMMANDS, ...TASKS].map(({ name }) => name);
  const near = suggest(name, names);
  const advice = near === undefined ? `there are ${names.join(", ")}` : `did you mean ${near}?`;
  return new UsageError(`${start} ${advice}`);
}

/** Names that differ between the command line and the library. */
const SPELLING: Readonly<Record<string, string>> = {
  readLabels: "--labels",
  classesFrom: "ranet new NAME --classes-from",
  quantize: "ranet quantize MODEL --data DATASET --out DIR",
};

/** The message of an error, and command-line options that may help. */
function textOf({ message, remedies }: RanetError): string {
  const ways = remedies.map((remedy) => Object.entries(remedy).map(optionOf).join(" "));
  return printableLines(ways.length === 0 ? message : `${message}\nTry: ${ways.join(", or ")}`);
}

function optionOf([name, value]: readonly [string, string | number | true]): string {
  const option = SPELLING[name] ?? `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return value === true ? option : `${option} ${value}`;
}

/** Removes control characters: messages quote names and files, which may contain terminal escapes. */
function printableLines(text: string): string {
  return text.split("\n").map(printable).join("\n");
}
