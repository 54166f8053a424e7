/** Scripts without processes, for tests of who starts and ends them. */
import type { ScriptStarter } from '../../src/agent/run/run-ports.ts';
import type { Finished, RunningScript, ScriptSpec } from '../../src/agent/run/script-runner.ts';
import { NO_TEXT } from '../../src/agent/store/outputs.ts';

export interface FakeScript {
  readonly spec: ScriptSpec;
  /** Ends the script by itself, with this exit code. */
  exit(code: number): void;
  endedBy: string | null;
}

/** Scripts that run until the test ends them. */
export class FakeScripts implements ScriptStarter {
  readonly started: FakeScript[] = [];
  readonly leftovers: string[] = [];
  user: ReturnType<ScriptStarter['availability']> = { kind: 'ready', user: null };
  #userChanged: (() => void) | null = null;
  /** Ends each script at once with this code, unless null. */
  autoExit: number | null = null;

  start(spec: ScriptSpec): RunningScript {
    const done = Promise.withResolvers<Finished>();
    const finish = (outcome: Finished['outcome']) =>
      done.resolve({ outcome, stdout: NO_TEXT, stderr: NO_TEXT, startedAtMs: 1_000, finishedAtMs: 2_000 });
    const script: FakeScript = { spec, exit: (code) => finish({ kind: 'exited', code }), endedBy: null };
    this.started.push(script);
    if (this.autoExit !== null) script.exit(this.autoExit);
    return {
      pid: 4_000 + this.started.length,
      startTime: () => '77',
      done: done.promise,
      end: (reason) => {
        script.endedBy = reason;
        finish({ kind: reason });
      },
      tail: () => ({ stdout: '', stderr: '', stdoutCut: false, stderrCut: false }),
    };
  }

  availability(): ReturnType<ScriptStarter['availability']> {
    return this.user;
  }

  userChange(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#userChanged = resolve;
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  signIn(user: string): void {
    this.user = { kind: 'ready', user: { id: user, name: user } };
    this.#userChanged?.();
  }

  async endShellsAhead(): Promise<void> {}

  async endLeftovers({ marker }: { marker: string }): Promise<void> {
    this.leftovers.push(marker);
  }
}
