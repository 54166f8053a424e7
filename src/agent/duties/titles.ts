/**
 * The name under which a run is shown: the first line of its job's description. Best effort: it delays nothing, and a
 * fleet without the bucket or the job has none (design §5).
 */
import { firstLine } from '../../shared/run-title.ts';
import type { Clock } from '../base/clock.ts';
import { drop } from '../base/drop.ts';
import type { Logger } from '../base/logger.ts';
import type { Bus } from '../bus/bus.ts';
import type { Runs } from '../store/runs.ts';
import { decodeManifest } from '../wire/manifest.ts';
import { isKvKey } from '../wire/subjects.ts';

const BUCKET = 'jobs';
/** What `kanade run` and `POST /api/run` send: it has no job. */
const DIRECT = 'adhoc-run';
const READ_TIMEOUT_MS = 2_000;
const CACHE_MS = 60_000;
const CACHE_MAX = 256;

export interface TitlesOptions {
  readonly bus: Bus;
  readonly runs: Pick<Runs, 'setTitle'>;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Titles {
  readonly #o: TitlesOptions;
  readonly #cache = new Map<string, { readonly atMs: number; readonly title: Promise<string | null> }>();

  constructor(options: TitlesOptions) {
    this.#o = options;
  }

  /** Looks the title up and stores it with the run. */
  admitted(run: number, manifestId: string): void {
    if (manifestId === DIRECT || !isKvKey(manifestId)) return;
    drop(this.#store(run, manifestId), this.#o.log, 'looking up a title');
  }

  async #store(run: number, manifestId: string): Promise<void> {
    const title = await this.#title(manifestId);
    if (title !== null) await this.#o.runs.setTitle(run, title);
  }

  #title(manifestId: string): Promise<string | null> {
    const now = this.#o.clock.monotonicMs();
    const cached = this.#cache.get(manifestId);
    if (cached !== undefined && now - cached.atMs < CACHE_MS) return cached.title;
    const title = this.#read(manifestId);
    if (this.#cache.size >= CACHE_MAX) this.#cache.clear();
    this.#cache.set(manifestId, { atMs: now, title });
    return title;
  }

  async #read(manifestId: string): Promise<string | null> {
    if (this.#o.bus.link.value.state !== 'connected') return null;
    const read = await this.#o.bus.kvGet(BUCKET, manifestId, READ_TIMEOUT_MS);
    if (read.kind !== 'value') return null;
    const decoded = decodeManifest(read.value);
    const line = firstLine((decoded.ok ? decoded.manifest.description : null) ?? '');
    return line === '' ? null : line;
  }
}
