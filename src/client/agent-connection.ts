/**
 * One client's standing connection to the agent: it attaches, notices when the agent is gone or hangs, and attaches again,
 * for as long as it lives. It never starts an agent. After each change the listeners are called; what they show comes from
 * {@link AgentConnection.view}.
 */
import { type BackoffPolicy, backoffMs } from '../base/backoff.ts';
import type { AgentStatus } from '../shared/agent-status.ts';
import type { AgentConnectionView } from '../shared/app-shell-contract.ts';
import { type AgentClient, openAgent } from '../shared/client.ts';
import type { ClientKind } from '../shared/contract.ts';
import { framedLink, MAX_FRAME_BYTES } from '../shared/frames.ts';
import type { StartFailure } from '../shared/start-failure.ts';
import { connectTo } from './connect.ts';
import { readEndpoint } from './endpoint-file.ts';
import { HUNG_AFTER_MS, probe } from './probe.ts';
import { readStartFailure } from './start-failure.ts';

export interface AgentConnectionOptions {
  /** `<data>/kanade-tray` of the agent. */
  readonly agentDir: string;
  readonly account: string;
  readonly client: ClientKind;
  /** Hex; of the process that started the agent. */
  readonly hostSecret?: string;
  /** Until when an agent that is not there counts as starting, on the scale of `performance.now()`: a clock that is set changes nothing. */
  readonly startingUntilMs: number;
}

type Listener = () => void;

const RETRY: BackoffPolicy = { minMs: 100, maxMs: 2_000, jitter: 0.2 };
const HANDSHAKE_MS = 5_000;
/** An agent that has finished what it did is mostly started again: for so long that is no reason to worry. */
const RESTARTS_WITHIN_MS = 15_000;

export class AgentConnection {
  readonly #options: AgentConnectionOptions;
  readonly #listeners = new Set<Listener>();
  readonly #hung = new Set<Listener>();
  readonly #ending = new AbortController();
  /** Since when a connection was taken, and not a word said. */
  #silentFromMs: number | null = null;
  #agent: AgentClient | null = null;
  #startingUntilMs: number;
  #state: AgentConnectionView['state'];
  #sinceMs = Date.now();
  #goneAtMs: number | null = null;
  #startFailure: StartFailure | null = null;
  #retry: { timer: NodeJS.Timeout; go: () => void } | undefined;

  constructor(options: AgentConnectionOptions) {
    this.#options = options;
    this.#startingUntilMs = options.startingUntilMs;
    this.#state = options.startingUntilMs > performance.now() ? 'starting' : 'down';
    void this.#keepAttached();
  }

  /** null while there is none. */
  get agent(): AgentClient | null {
    return this.#agent;
  }

  get view(): Pick<AgentConnectionView, 'state' | 'sinceMs' | 'goneAtMs' | 'startFailure'> {
    return {
      state: this.#state,
      sinceMs: this.#sinceMs,
      goneAtMs: this.#goneAtMs,
      startFailure: this.#startFailure,
    };
  }

  /** Calls `listener` after each change; returns the function that ends it. */
  watch(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Calls `listener` when an agent that takes connections has not answered for half a minute; the connection is given up then. */
  onHung(listener: Listener): void {
    this.#hung.add(listener);
  }

  /** Tries at once: an agent has just been started. `startingUntilMs` as in the options. */
  expect(startingUntilMs: number): void {
    if (this.#agent === null && startingUntilMs > performance.now()) this.#set('starting');
    this.#startingUntilMs = startingUntilMs;
    this.#retry?.go();
  }

  close(): void {
    this.#ending.abort(new Error('closed'));
    this.#listeners.clear();
    this.#hung.clear();
    this.#retry?.go();
    this.#agent?.close();
  }

  async #keepAttached(): Promise<void> {
    const { signal } = this.#ending;
    let failures = 0;
    while (!signal.aborted) {
      const agent = await this.#open();
      if (agent !== null && !signal.aborted) {
        failures = 0;
        this.#agent = agent;
        this.#startFailure = null;
        this.#goneAtMs = null;
        const gone = new Promise<void>((resolve) => agent.onClose(resolve));
        this.#set('attached');
        let isFinishing = false;
        const heard = ({ agent: { state } }: AgentStatus) => {
          isFinishing = state === 'draining';
        };
        agent.onPush('state.changed', heard);
        const stopProbing = this.#probe(agent, heard);
        await gone;
        stopProbing();
        this.#agent = null;
        this.#goneAtMs = Date.now();
        const nowMs = performance.now();
        this.#startingUntilMs = isFinishing ? nowMs + RESTARTS_WITHIN_MS : Math.min(this.#startingUntilMs, nowMs);
      } else agent?.close();
      if (signal.aborted) return;
      await this.#readStartFailure();
      if (this.#state !== 'incompatible' || agent !== null)
        this.#set(performance.now() < this.#startingUntilMs ? 'starting' : 'down');
      await this.#pause(backoffMs(RETRY, failures++));
    }
  }

  async #open(): Promise<AgentClient | null> {
    const { agentDir, account, client, hostSecret } = this.#options;
    const endpoint = await readEndpoint(agentDir, account);
    if (endpoint === null) {
      this.#silentFromMs = null;
      return null;
    }
    const signal = AbortSignal.timeout(HANDSHAKE_MS);
    const link = framedLink(connectTo(endpoint.address), { maxReadBytes: MAX_FRAME_BYTES });
    try {
      const secret = hostSecret === undefined ? {} : { hostSecret };
      const opened = await openAgent(link, { endpoint, client, ...secret, signal });
      this.#silentFromMs = null;
      if (opened.kind === 'open') return opened.agent;
      if (opened.kind === 'refused' && opened.fault.name === 'contract_unsupported') this.#set('incompatible');
      else if (this.#state === 'incompatible') this.#set('down');
    } catch {
      if (signal.aborted) this.#saysNothing();
      else this.#silentFromMs = null;
    }
    link.close();
    return null;
  }

  /** It takes connections, and hangs: for as long as an attached one is given. One that is not so far yet has no socket. */
  #saysNothing(): void {
    const nowMs = performance.now();
    this.#silentFromMs ??= nowMs - HANDSHAKE_MS;
    if (nowMs - this.#silentFromMs < HUNG_AFTER_MS) return;
    this.#silentFromMs = null;
    for (const listener of this.#hung) listener();
  }

  async #readStartFailure(): Promise<void> {
    const found = await readStartFailure(this.#options.agentDir);
    if (found === this.#startFailure) return;
    this.#startFailure = found;
    this.#tell();
  }

  #probe(agent: AgentClient, heard: (status: AgentStatus) => void): () => void {
    const ask = () => agent.call('state.snapshot', {}).then(heard);
    // Nobody else asks before the first probe, and it may be finishing already. An error is said by whoever asks next.
    ask().catch(() => {});
    return probe(ask, () => {
      for (const listener of this.#hung) listener();
      agent.close();
    });
  }

  #set(state: AgentConnectionView['state']): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#sinceMs = Date.now();
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const go = () => {
        clearTimeout(timer);
        this.#retry = undefined;
        resolve();
      };
      const timer = setTimeout(go, ms);
      this.#retry = { timer, go };
    });
  }
}
