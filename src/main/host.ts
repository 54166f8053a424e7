/**
 * The host of the agent in tray mode: starts it, watches it, starts it again with back-off, and stops it (architecture §4).
 * Invariant: at most one agent of ours at any time, and none is left when {@link Host.stop} has resolved.
 */
import { randomBytes } from 'node:crypto';
import { type BackoffPolicy, backoffMs } from '../base/backoff.ts';
import type { AgentConnection } from '../client/agent-connection.ts';
import type { LaunchedAgent, Launcher } from './launcher.ts';
import type { AppLog } from './log.ts';

export interface HostOptions {
  readonly launcher: Launcher;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly log: AppLog;
  /** 0 to 1, to spread restarts. */
  readonly random?: () => number;
}

const EXIT_STOPPED = 0;
const EXIT_FAILED = 1;
const EXIT_IN_USE = 2;
const EXIT_RESTART = 64;
const RESTART_BACKOFF: BackoffPolicy = { minMs: 1_000, maxMs: 60_000, jitter: 0.2 };
/** Another agent on the same directory may go away. */
const IN_USE_WAIT_MS = 15_000;
/** An agent that was up for so long begins again with short waits. */
const STABLE_AFTER_MS = 60_000;
/** How long a fresh agent counts as starting. */
const STARTS_WITHIN_MS = 15_000;
const KEPT_OUTPUT_CHARS = 4_000;

/** A stop is answered at once, or not at all. */
const ANSWERS_WITHIN_MS = 30_000;
/** Beyond the agent's own deadline, which ends it: `[run] grace`, at most 600 s, and 15 s for what is left. */
const STOP_WITHIN_MS = 630_000;

export class Host {
  /** Proves to the agent that we are the process which started it; hex. */
  readonly secret = randomBytes(32).toString('hex');
  readonly #options: HostOptions;
  #agentConnection: AgentConnection | null = null;
  #agent: LaunchedAgent | null = null;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #restartAtMs: number | null = null;
  #stopping = false;
  #onChange: () => void = () => {};
  #onGone: () => void = () => {};
  #output = '';

  constructor(options: HostOptions) {
    this.#options = options;
  }

  /** When it is started again, ms since the epoch; null: it runs, or nobody knows. */
  get restartAtMs(): number | null {
    return this.#restartAtMs;
  }

  get pid(): number | undefined {
    return this.#agent?.pid;
  }

  /** Starts it. `agentConnection` is told of each start, and tells of an agent that hangs. */
  start(agentConnection: AgentConnection, onChange: () => void): void {
    this.#agentConnection = agentConnection;
    this.#onChange = onChange;
    agentConnection.onHung(() => {
      this.#options.log.error('the agent hangs, so it is ended and started again');
      this.#agent?.kill();
    });
    this.#launch();
  }

  /** Asks the agent to stop, waits for its end, and kills it at last: also one that does not even answer. */
  async stop(withinMs = STOP_WITHIN_MS): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#timer);
    this.#restartAtMs = null;
    const agent = this.#agent;
    if (agent === null) return;
    const gone = new Promise<void>((resolve) => {
      this.#onGone = resolve;
    });
    const untilMs = performance.now() + withinMs;
    let late = setTimeout(() => agent.kill(), Math.min(withinMs, ANSWERS_WITHIN_MS));
    const answered = () => {
      if (this.#agent !== agent) return;
      clearTimeout(late);
      late = setTimeout(() => agent.kill(), untilMs - performance.now());
    };
    const asked = this.#agentConnection?.agent?.call('agent.stop', {});
    if (asked === undefined) agent.kill();
    // An agent that goes away without an answer is waited for as one that says nothing.
    else asked.then(answered, () => {});
    await gone;
    clearTimeout(late);
  }

  #launch(): void {
    const { launcher, args, env, log } = this.#options;
    this.#restartAtMs = null;
    this.#output = '';
    const startedAtMs = performance.now();
    const agent = launcher({
      args,
      env: { ...env, KANADE_TRAY_HOST_SECRET: this.secret },
      onOutput: (text) => {
        this.#output = (this.#output + text).slice(-KEPT_OUTPUT_CHARS);
      },
    });
    this.#agent = agent;
    agent.onExit((code) => this.#ended(code, performance.now() - startedAtMs));
    log.info(`the agent is started, process ${agent.pid ?? 'unknown'}`);
    this.#agentConnection?.expect(performance.now() + STARTS_WITHIN_MS);
    this.#onChange();
  }

  #ended(code: number | null, upMs: number): void {
    this.#agent = null;
    this.#options.log.info(`the agent has ended, exit ${code ?? 'by a signal'}`);
    if (this.#stopping) {
      this.#onGone();
      return;
    }
    if (code !== EXIT_STOPPED && code !== EXIT_RESTART) this.#options.log.error(`it said: ${this.#output.trim()}`);
    if (upMs >= STABLE_AFTER_MS) this.#failures = 0;
    const waitMs = this.#waitAfter(code);
    if (waitMs !== null) {
      this.#restartAtMs = Date.now() + waitMs;
      this.#timer = setTimeout(() => this.#launch(), waitMs);
    }
    this.#onChange();
  }

  /** null: it is not started again. */
  #waitAfter(code: number | null): number | null {
    if (code === EXIT_STOPPED || code === EXIT_FAILED) return null;
    if (code === EXIT_RESTART) return 0;
    if (code === EXIT_IN_USE) return IN_USE_WAIT_MS;
    return backoffMs(RESTART_BACKOFF, this.#failures++, this.#options.random);
  }
}
