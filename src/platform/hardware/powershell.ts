/**
 * One conversation with PowerShell for the agent's own read-only facts: starting it costs about a second, so it stays warm; one that
 * hangs or dies is ended and replaced. Never for operators' scripts: it knows no exit codes and ends no process tree.
 *
 * Invariants: an answer is known by its own frame, whatever else comes on the streams (warnings, escape sequences, a profile of
 * the PC); an error in a question is an answer to it, and costs no process; everything goes in constrained language mode too.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { orAbort } from '../../base/waiting.ts';

const ANSWER_MS = 30_000;
/** A long answer of our own is a tenth of it; what has no end is none. */
const MOST_CHARACTERS = 64 * 1024 * 1024;
/** Of what it says beside its answers, for the error of one that dies. */
const SAID_CHARACTERS = 2_000;

export interface FactsShell {
  /**
   * Evaluates one line of PowerShell in printable ASCII and gives its value, by JSON. Rejects with what PowerShell says, after
   * 30 s, when aborted, and after {@link close}.
   */
  ask(expression: string, signal: AbortSignal): Promise<unknown>;
  close(): void;
}

/** The Windows PowerShell that every Windows has; not what a changed PATH would find. */
export function systemPowerShell(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.SystemRoot || 'C:\\Windows', 'System32', 'WindowsPowerShell', 'v1.0', 'powershell.exe');
}

/** The question was understood, and this is what PowerShell says of it. */
class QuestionFailed extends Error {}

export class PowerShellConversation implements FactsShell {
  readonly #executable: string;
  readonly #closing = new AbortController();
  #process: PowerShellProcess | null = null;
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
    const warm = this.#process !== null;
    try {
      return await this.#askOnce(expression, stop);
    } catch (error) {
      if (!warm || stop.aborted || isAnswer(error)) throw error;
      return await this.#askOnce(expression, stop);
    }
  }

  async #askOnce(expression: string, stop: AbortSignal): Promise<unknown> {
    stop.throwIfAborted();
    this.#process ??= new PowerShellProcess(this.#executable);
    try {
      return await this.#process.ask(expression, AbortSignal.any([stop, AbortSignal.timeout(ANSWER_MS)]));
    } catch (error) {
      if (!(error instanceof QuestionFailed)) this.#end();
      throw new Error('PowerShell gave no answer', { cause: error });
    }
  }

  #end(): void {
    this.#process?.end();
    this.#process = null;
  }

  close(): void {
    this.#closing.abort(new Error('the conversation was closed'));
    this.#end();
  }
}

function isAnswer(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof QuestionFailed;
}

/** What {@link question} answers with: a value, or what PowerShell says of it. */
function answerOf(text: string): { readonly v: unknown } | { readonly e: string } {
  const read: unknown = JSON.parse(text);
  if (typeof read === 'object' && read !== null) {
    if ('v' in read) return { v: read.v };
    if ('e' in read && typeof read.e === 'string') return { e: read.e };
  }
  throw new Error('an answer of another shape');
}

/** One process of it. */
class PowerShellProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Nothing else on the stream has it in it. */
  readonly #mark = randomUUID().replaceAll('-', '');
  readonly #ended: Promise<never>;
  #line = '';
  #said = '';
  #number = 0;
  #answer: ((text: string) => void) | null = null;

  constructor(executable: string) {
    // By lines of its input, without an end of it: `-Command -`.
    const args = ['-NoProfile', '-NonInteractive', '-OutputFormat', 'Text', '-Command', '-'];
    const env = { ...withoutSecrets(process.env), NO_COLOR: '1', POWERSHELL_TELEMETRY_OPTOUT: '1' };
    this.#child = spawn(executable, args, { windowsHide: true, env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stdin.on('error', () => {});
    this.#child.stdout.setEncoding('latin1').on('data', (text: string) => this.#read(text));
    this.#child.stderr.setEncoding('latin1').on('data', (text: string) => this.#note(text));
    this.#ended = new Promise((_, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => reject(new Error(this.#lastWords(code, signal))));
    });
    this.#ended.catch(() => {});
  }

  /** @throws {QuestionFailed} what PowerShell says of it @throws anything else: this process is of no use any more */
  async ask(expression: string, signal: AbortSignal): Promise<unknown> {
    if (/[^ -~]/.test(expression)) throw new QuestionFailed('the question is not one line of printable ASCII');
    this.#number += 1;
    const frame = `${this.#mark} ${this.#number} `;
    const answered = new Promise<string>((resolve) => {
      this.#answer = (line) => {
        const at = line.indexOf(frame);
        if (at >= 0) resolve(line.slice(at + frame.length));
      };
    });
    this.#child.stdin.write(`${question(expression, this.#mark, this.#number)}\n`);
    const text = await orAbort(Promise.race([answered, this.#ended]), signal);
    this.#answer = null;
    const answer = answerOf(text);
    if ('e' in answer) throw new QuestionFailed(answer.e);
    return answer.v;
  }

  end(): void {
    this.#child.kill('SIGKILL');
  }

  #read(text: string): void {
    const [end = '', ...others] = text.split('\n');
    this.#line += end;
    for (const next of others) {
      const line = this.#line;
      this.#line = next;
      if (line.includes(this.#mark)) this.#answer?.(line);
      else this.#note(`${line}\n`);
    }
    if (this.#line.length > MOST_CHARACTERS) this.end();
  }

  #note(text: string): void {
    this.#said = (this.#said + text).slice(-SAID_CHARACTERS);
  }

  #lastWords(code: number | null, signal: NodeJS.Signals | null): string {
    const said = this.#said.trim();
    return `PowerShell has ended (${signal ?? code})${said === '' ? '' : `: ${said}`}`;
  }
}

/**
 * One line that answers with one: the mark, the number, and JSON in which nothing but printable ASCII is written as it is, since no
 * code page hurts that. By what constrained language mode allows: neither `[Console]` nor `[Convert]` is.
 */
function question(expression: string, mark: string, number: number): string {
  // As text, so that one that can't be understood is an error like others, and not the beginning of something longer.
  const value = `Invoke-Expression '@{ v = ${expression.replaceAll("'", "''")} }'`;
  return [
    // Everything in a scope of its own, so that no question leaves anything behind.
    "& { $ErrorActionPreference = 'Stop'; $ProgressPreference = 'SilentlyContinue'",
    `$answer = try { ConvertTo-Json -Compress -Depth 6 -InputObject (${value}) } catch { ConvertTo-Json -Compress -InputObject @{ e = "$_" } }`,
    '$other = @{}',
    "foreach ($found in [regex]::Matches($answer, '[^ -~]')) { $other[[int][char] $found.Value] = $found.Value }",
    "foreach ($code in @($other.Keys)) { $answer = $answer.Replace($other[$code], ('\\u{0:x4}' -f $code)) }",
    `'${mark} ${number} ' + $answer }`,
  ].join('; ');
}

function withoutSecrets(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^kanade_/i.test(name)));
}
