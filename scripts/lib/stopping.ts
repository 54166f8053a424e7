/** How a script that holds other processes is told to end. Invariant: it is told once, and then has time to clean up. */

/** npm passes on the Ctrl-C that the terminal has sent to all of us already: what comes within this time is the same one. */
const SAME_MS = 1_000;

/** The reader wants to end. */
export class Stopped extends Error {}

/** Aborted by Ctrl-C, SIGTERM or a terminal that is closed; a second Ctrl-C ends the process at once. */
export function stopController(): AbortController {
  const controller = new AbortController();
  let firstMs = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    if (!controller.signal.aborted) {
      firstMs = Date.now();
      controller.abort(new Stopped(signal));
    } else if (Date.now() - firstMs > SAME_MS) {
      process.exit(130);
    }
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  return controller;
}

/** Rejects with the signal's reason once it is aborted. */
export function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
