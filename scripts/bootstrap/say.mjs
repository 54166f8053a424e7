/**
 * What the reader of the terminal sees. Invariant: whatever a script cannot do ends in one sentence that says what to do
 * about it (a {@link CliError}); a stack trace is printed for mistakes of ours only.
 */
const STILL_AT_WORK_MS = 15_000;

/** A failure that the reader can do something about. Its message is a sentence that names what to install or change. */
export class CliError extends Error {}

/** @param {string} line */
export function say(line) {
  process.stdout.write(`${line}\n`);
}

/**
 * Says what is being done, and from time to time that it still is; then does it.
 * @template T
 * @param {string} text such as "Installing packages (once, about a minute)"
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(text, work) {
  const startedMs = Date.now();
  const elapsed = () => `${Math.round((Date.now() - startedMs) / 1000)} s`;
  say(`${text}…`);
  const timer = setInterval(() => say(`  still at it after ${elapsed()}…`), STILL_AT_WORK_MS);
  try {
    const result = await work();
    say(`  (${elapsed()})`);
    return result;
  } finally {
    clearInterval(timer);
  }
}

/**
 * Runs a script's body and ends the process with its exit code: what `work` returns, or 1 after a failure.
 * @param {() => Promise<number | undefined>} work
 */
export async function main(work) {
  try {
    if (Number.parseInt(process.versions.node, 10) < 20) {
      throw new CliError(
        `This needs Node 20 or newer to set itself up, and this is ${process.versions.node}: install a newer Node.`,
      );
    }
    process.exitCode = (await work()) ?? 0;
  } catch (error) {
    process.exitCode = 1;
    const text =
      error instanceof CliError
        ? error.message
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error);
    process.stderr.write(`${text}\n`);
  }
}
