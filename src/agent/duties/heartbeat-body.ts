/** What a heartbeat and the answer to a ping say: the same facts, with what this process uses at that moment. */
import type { Clock } from '../../base/clock.ts';
import type { HostFacts } from '../../platform/host-facts.ts';
import type { SigningView } from '../signing/verifier.ts';
import { ENVELOPE_KIND } from '../wire/envelope.ts';
import { encodeHeartbeat } from '../wire/heartbeat.ts';

/** The processor load is that of at least so long; pings may come closer together. */
const CPU_WINDOW_MS = 1_000;

export interface HeartbeatBodyOptions {
  readonly pcId: string;
  readonly agentVersion: string;
  readonly host: HostFacts;
  readonly clock: Clock;
  /** Who may send commands, read again with each: so a key that was taken away counts no longer than to the next heartbeat. */
  readonly signing: () => Pick<SigningView, 'mode' | 'keys'>;
}

export class HeartbeatBody {
  readonly #options: HeartbeatBodyOptions;
  #usage = process.cpuUsage();
  #usageAtMs: number;
  #cpuPct: number | null = null;

  constructor(options: HeartbeatBodyOptions) {
    this.#options = options;
    this.#usageAtMs = options.clock.monotonicMs();
  }

  /** The next heartbeat as JSON, and the time that is in it. */
  next(): { atNs: bigint; bytes: Uint8Array } {
    const { pcId, agentVersion, host, clock } = this.#options;
    const { mode, keys } = this.#options.signing();
    const atNs = clock.nowNs();
    const bytes = encodeHeartbeat({
      pcId,
      atNs,
      agentVersion,
      hostname: host.hostname,
      osFamily: host.osFamily,
      agentArch: host.arch,
      agentCpuPct: this.#cpu(),
      agentRssBytes: rssBytes(),
      commandKeys: keys.map(({ kid, fingerprint }) => `${kid}:${fingerprint}`),
      enforcing: mode === 'require',
      commandProtocols: ['legacy', ENVELOPE_KIND],
    });
    return { atNs, bytes };
  }

  /** Percent of one core since it was asked last. */
  #cpu(): number | null {
    const nowMs = this.#options.clock.monotonicMs();
    const elapsedMs = nowMs - this.#usageAtMs;
    if (elapsedMs < CPU_WINDOW_MS) return this.#cpuPct;
    const { user, system } = process.cpuUsage(this.#usage);
    this.#usage = process.cpuUsage();
    this.#usageAtMs = nowMs;
    this.#cpuPct = Math.round((user + system) / elapsedMs) / 10;
    return this.#cpuPct;
  }
}

/** null: no file descriptor is left to read it. */
function rssBytes(): number | null {
  try {
    return process.memoryUsage.rss();
  } catch {
    return null;
  }
}
