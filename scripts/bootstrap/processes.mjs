/** Child processes of the scripts. Invariant: a script that is told to end passes that on and waits for its children. */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** As much of a quiet program's output as an error message can use. */
const KEPT_CHARS = 8_000;

/**
 * Runs a program without showing its output.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, shell?: boolean, timeout?: number, keepChars?: number }} options `timeout` in ms
 * @returns {Promise<{ ok: boolean, output: string }>} the end of stdout and stderr, in the order of arrival; a program
 *   that cannot be started counts as failed
 */
export function quiet(command, args, { keepChars = KEPT_CHARS, ...options } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output = (output + text).slice(-keepChars);
      });
    }
    child.on('error', (error) => resolve({ ok: false, output: error.message }));
    child.on('close', (code) => resolve({ ok: code === 0, output }));
  });
}

/**
 * Runs a program on our own terminal.
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<number>} its exit code; 128 + n when signal n ended it
 */
export function visible(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: 'inherit' });
    // Ctrl-C reaches the child by the terminal; without a listener it would end us before the child has cleaned up.
    const ignore = () => {};
    const pass = () => child.kill('SIGTERM');
    process.on('SIGINT', ignore).on('SIGTERM', pass);
    const settle = () => process.off('SIGINT', ignore).off('SIGTERM', pass);
    child.on('error', (error) => {
      settle();
      reject(error);
    });
    child.on('close', (code, signal) => {
      settle();
      resolve(code ?? 128 + (signal ? constants.signals[signal] : 0));
    });
  });
}
