/**
 * Handles signals that ask the program to stop.
 *
 * @module
 */

/** Signals that ask a program to end. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];

/**
 * Ignores SIGHUP if the launcher was started by `nohup`. Once Deno listens to another signal, SIGHUP would end it, and
 * Deno does not report whether a signal was ignored at the start.
 */
export function keepNohup(): void {
  const wanted = Deno.permissions.querySync({ name: "env", variable: "RANET_NOHUP" }).state === "granted" &&
    Deno.env.get("RANET_NOHUP") === "1";
  if (wanted && Deno.build.os !== "windows") Deno.addSignalListener("SIGHUP", () => {});
}

/** A request to stop. */
export interface Stop extends Disposable {
  /** Aborted when the program is asked to stop. */
  readonly signal: AbortSignal;
  /** The signal that was received. */
  readonly received?: Deno.Signal;
}

/** Waits for the first signal to stop. A second one ends the program immediately. */
export function untilSignal(): Stop {
  const controller = new AbortController();
  let received: Deno.Signal | undefined;
  const listeners = SIGNALS.map((signal) => {
    const stop = () => {
      release();
      received = signal;
      controller.abort();
    };
    return [signal, stop] as const;
  });
  const release = () => {
    for (const [signal, stop] of listeners) Deno.removeSignalListener(signal, stop);
  };
  for (const [signal, stop] of listeners) Deno.addSignalListener(signal, stop);
  return {
    signal: controller.signal,
    get received() {
      return received;
    },
    [Symbol.dispose]: release,
  };
}
