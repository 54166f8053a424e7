/**
 * The name under which a run is shown: the first line of its job's description. Best effort: it delays nothing, a
 * fleet without the bucket or the job has none, and what could not be read is asked for again (architecture §5).
 */
import type { Clock } from '../../base/clock.ts';
import { drop } from '../../base/drop.ts';
import type { Logger } from '../../base/logger.ts';
import type { KvKey, RunId } from '../../shared/ids.ts';
import { DIRECT_TASK, firstLine, MAX_WHOLE_TITLE_CHARS } from '../../shared/run-title.ts';
import type { Bus } from '../bus/bus.ts';
import type { Runs } from '../store/runs.ts';
import { decodeManifest } from '../wire/manifest.ts';
import { isKvKey } from '../wire/subjects.ts';

const BUCKET = 'jobs';
/** Nobody waits for it, and a job with a long script needs a minute on a slow link: cut off, it would come three times in vain. */
const READ_TIMEOUT_MS = 60_000;
const CACHE_MS = 60_000;
const CACHE_MAX = 256;
const TRIES = 3;
/** How many runs wait for a title that could not be read; those beyond keep their id. */
const MISSING_MAX = 256;

export interface TitlesOptions {
  readonly bus: Bus;
  readonly runs: Pick<Runs, 'setTitle'>;
  readonly clock: Clock;
  readonly log: Logger;
}

type Found = { readonly kind: 'read'; readonly title: string | null } | { readonly kind: 'failed' };

export class Titles {
  readonly #options: TitlesOptions;
  readonly #cache = new Map<string, { readonly atMs: number; readonly found: Promise<Found> }>();
  /** Run → its job. What could not be read comes back here and is asked for again with the next connection or the next command. */
  readonly #missing = new Map<RunId, KvKey>();

  constructor(options: TitlesOptions) {
    this.#options = options;
    options.bus.link.watch(({ state }) => {
      if (state === 'connected') this.#ask();
    });
  }

  /** Looks the title up and stores it with the run. */
  admitted(run: RunId, manifestId: string): void {
    if (manifestId !== DIRECT_TASK && isKvKey(manifestId)) this.#missing.set(run, manifestId);
    this.#ask();
  }

  #ask(): void {
    const missing = [...this.#missing];
    this.#missing.clear();
    for (const [run, manifestId] of missing) {
      drop(this.#store(run, manifestId), this.#options.log, 'looking up a title');
    }
  }

  async #store(run: RunId, manifestId: KvKey): Promise<void> {
    const found = await this.#find(manifestId);
    if (found.kind === 'failed') {
      if (this.#missing.size < MISSING_MAX) this.#missing.set(run, manifestId);
    } else if (found.title !== null) {
      await this.#options.runs.setTitle(run, found.title);
    }
  }

  async #find(manifestId: KvKey): Promise<Found> {
    const now = this.#options.clock.monotonicMs();
    const cached = this.#cache.get(manifestId);
    if (cached !== undefined && now - cached.atMs < CACHE_MS) return cached.found;
    const found = this.#read(manifestId);
    if (this.#cache.size >= CACHE_MAX) this.#cache.clear();
    const entry = { atMs: now, found };
    this.#cache.set(manifestId, entry);
    if ((await found).kind === 'failed' && this.#cache.get(manifestId) === entry) this.#cache.delete(manifestId);
    return found;
  }

  async #read(manifestId: KvKey): Promise<Found> {
    for (let tries = 0; tries < TRIES && this.#options.bus.link.value.state === 'connected'; tries += 1) {
      const read = await this.#options.bus.kvGet(BUCKET, manifestId, READ_TIMEOUT_MS);
      if (read.kind === 'failed') {
        this.#options.log.debug('no title for now', { job: manifestId, why: read.why });
        continue;
      }
      return { kind: 'read', title: read.kind === 'value' ? titleOf(read.value) : null };
    }
    return { kind: 'failed' };
  }
}

function titleOf(manifest: Uint8Array): string | null {
  const decoded = decodeManifest(manifest);
  const line = firstLine((decoded.ok ? decoded.manifest.description : null) ?? '', MAX_WHOLE_TITLE_CHARS);
  return line === '' ? null : line;
}
