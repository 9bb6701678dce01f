/**
 * Being asked to stop.
 *
 * @module
 */

/** Signals that ask a program to end. */
const SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT", "SIGBREAK"] : ["SIGINT", "SIGTERM"];

/**
 * Goes on ignoring that the terminal is closed, where the launcher was started by `nohup`: Deno would end at it as soon as
 * it listens to another signal. Whether it was ignored at the start, Deno itself does not tell.
 */
export function keepNohup(): void {
  const wanted = Deno.permissions.querySync({ name: "env", variable: "RANET_NOHUP" }).state === "granted" &&
    Deno.env.get("RANET_NOHUP") === "1";
  if (wanted && Deno.build.os !== "windows") Deno.addSignalListener("SIGHUP", () => {});
}

/** Being asked to stop. */
export interface Stop extends Disposable {
  /** Aborted once the program is asked. */
  readonly signal: AbortSignal;
  /** How it was asked. */
  readonly received?: Deno.Signal;
}

/** Waits for the program to be asked to stop, once: asked again, it ends at once. */
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
