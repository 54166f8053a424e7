/**
 * One conversation with PowerShell for the agent's own read-only facts: starting it costs about a second, so it stays
 * warm; a broken one is ended and replaced. Never for operators' scripts: it knows no exit codes and ends no process tree.
 */

import { join } from 'node:path';
import type { PowerShell } from 'node-powershell';

const ANSWER_MS = 30_000;

/** Before the first question: progress records would arrive on standard error and count as a failure. */
const PREAMBLE = "$ProgressPreference = 'SilentlyContinue'; $ErrorActionPreference = 'Stop'";

export interface FactsShell {
  /**
   * Evaluates one line of PowerShell and gives its value, by JSON. Rejects with what PowerShell says, after 30 s, when
   * aborted, and after {@link close}.
   */
  ask(expression: string, signal: AbortSignal): Promise<unknown>;
  close(): void;
}

/** The Windows PowerShell that every Windows has; not what a changed PATH would find. */
export function systemPowerShell(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.SystemRoot || 'C:\\Windows', 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe');
}

export class PowerShellConversation implements FactsShell {
  readonly #executable: string;
  readonly #closing = new AbortController();
  #shell: PowerShell | null = null;
  /** Questions are asked one after the other: one that hangs takes the process with it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(executable: string = systemPowerShell()) {
    this.#executable = executable;
  }

  ask(expression: string, signal: AbortSignal): Promise<unknown> {
    const stop = AbortSignal.any([signal, this.#closing.signal]);
    const answer = this.#last.then(() => this.#ask(expression, stop));
    this.#last = answer.catch(() => {});
    return answer;
  }

  async #ask(expression: string, stop: AbortSignal): Promise<unknown> {
    // One that has been idle may have died meanwhile; that is no answer to this question.
    const warm = this.#shell !== null;
    try {
      return await this.#askOnce(expression, stop);
    } catch (error) {
      if (!warm || stop.aborted) throw error;
      return await this.#askOnce(expression, stop);
    }
  }

  async #askOnce(expression: string, stop: AbortSignal): Promise<unknown> {
    stop.throwIfAborted();
    const shell = this.#shell ?? (await this.#start());
    const limit = AbortSignal.any([stop, AbortSignal.timeout(ANSWER_MS)]);
    try {
      // Base64 of UTF-8: the console's code page would damage every other way. One line, since input is read by lines.
      const json = `ConvertTo-Json -Compress -Depth 5 -InputObject (${expression})`;
      const encoded = `[Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes((${json})))`;
      const { raw } = await Promise.race([
        shell.invoke(`${PREAMBLE}; [Console]::Out.WriteLine(${encoded})`),
        rejectOnAbort(limit),
      ]);
      shell.history.length = 0;
      return JSON.parse(Buffer.from(raw, 'base64').toString('utf8')) as unknown;
    } catch (error) {
      this.#end();
      throw new Error('PowerShell gave no answer', { cause: error });
    }
  }

  async #start(): Promise<PowerShell> {
    // Loaded at the first question: it costs 20 ms that the agent's start does not have.
    const { PowerShell } = await import('node-powershell');
    this.#closing.signal.throwIfAborted();
    const shell = new PowerShell({
      executable: this.#executable,
      executableOptions: { '-NoProfile': true, '-NonInteractive': true, '-OutputFormat': 'Text' },
      spawnOptions: { windowsHide: true, env: withoutSecrets(process.env) },
    });
    // The library leaves the end of its process to whoever asks next; nobody may, and that must not end the agent.
    shell.streams.stdin.on('error', () => {});
    (Reflect.get(shell, 'exitPromise') as Promise<void>).catch(() => {});
    this.#shell = shell;
    return shell;
  }

  #end(): void {
    this.#shell?.dispose().catch(() => {});
    this.#shell = null;
  }

  close(): void {
    this.#closing.abort(new Error('the conversation was closed'));
    this.#end();
  }
}

function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^kanade_/i.test(name)));
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) return reject(signal.reason);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
