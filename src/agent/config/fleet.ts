/**
 * What the fleet says about this PC: its groups and its layered configuration, live. The last good value of each key
 * stays when a new one can't be read (D21); each is kept in the store, so that it also outlives a restart.
 */
import type { Clock } from '../../base/clock.ts';
import { drop } from '../../base/drop.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import { type Watched, WatchedCell } from '../../base/watched.ts';
import type { GroupName, PcId } from '../../shared/ids.ts';
import type { Binding, Bus, KvChange, KvWatchHandlers } from '../bus/bus.ts';
import { snapshotThenChanges } from '../bus/kv-snapshot.ts';
import type { Store } from '../store/store.ts';
import { type ConfigScope, decodeScope, type EffectiveConfig, type Layer, resolve } from '../wire/config-scope.ts';
import { decodeGroups } from '../wire/groups.ts';
import { configKeys } from '../wire/subjects.ts';

const CONFIG = 'agent_config';
const GROUPS = ['agent_groups', 'agent_groups_derived'] as const;

/** What is known of one groups bucket: not yet anything, or the groups in it. */
type Membership = readonly GroupName[] | null;

export interface FleetOptions {
  readonly pcId: PcId;
  readonly bus: Bus;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
}

export class Fleet {
  readonly #options: FleetOptions;
  readonly #scopes = new Map<string, ConfigScope>();
  readonly #membership = new Map<string, Membership>(GROUPS.map((bucket) => [bucket, null]));
  readonly #groups = new WatchedCell<ReadonlySet<GroupName> | null>(null);
  readonly #effective: WatchedCell<EffectiveConfig>;
  readonly #bindings: Binding[] = [];
  #warned = '';

  constructor(options: FleetOptions) {
    this.#options = options;
    this.#effective = new WatchedCell(resolve([]).effective);
    this.#applyRemembered();
    this.#recompute();
  }

  /** The groups of this PC; null until they are known. */
  get groups(): Watched<ReadonlySet<GroupName> | null> {
    return this.#groups;
  }

  /** As they are; until that is known, as they were when it last was. null: it never was, or what is kept of it can't be read. */
  lastKnownGroups(): ReadonlySet<GroupName> | null {
    if (this.#groups.value !== null) return this.#groups.value;
    const remembered = GROUPS.map((bucket) => this.#remembered(bucket));
    if (remembered.includes('unreadable') || remembered.every((each) => each === null)) return null;
    return new Set(remembered.flatMap((each) => (each === 'unreadable' ? [] : (each ?? []))));
  }

  get effective(): Watched<EffectiveConfig> {
    return this.#effective;
  }

  /** What is in effect, each with the key that it comes from (null: built in). `isMs`: a duration, in ms. */
  settings(): { key: string; value: string | number | boolean | null; isMs: boolean; layer: string | null }[] {
    const layers = this.#layers();
    return Object.entries(this.#effective.value).map(([key, value]) => {
      const field = key.replace(/Ms$/, '') as keyof ConfigScope;
      const layer = layers.findLast(({ scope }) => scope[field] !== null)?.key ?? null;
      return { key: field, value, isMs: key.endsWith('Ms'), layer };
    });
  }

  start(): void {
    const { bus, pcId } = this.#options;
    const config = bus.kvWatch(CONFIG, [configKeys.global, 'groups.>', configKeys.pc(pcId)], this.#configHandlers());
    const groups = GROUPS.map((bucket) => bus.kvWatch(bucket, [pcId], this.#groupHandlers(bucket)));
    this.#bindings.push(config, ...groups);
  }

  close(): void {
    for (const binding of this.#bindings) binding.close();
  }

  /** What can't be read is not known, until the broker tells it. */
  #applyRemembered(): void {
    const { store, log } = this.#options;
    try {
      for (const [key, { value }] of store.kvCache.all(CONFIG)) this.#applyScope({ key, value });
    } catch (error) {
      log.warn('the configuration of before could not be read', { error: errorText(error) });
    }
  }

  #configHandlers(): KvWatchHandlers {
    return snapshotThenChanges({
      change: (change, live) => {
        if (this.#applyScope(change)) this.#remember(CONFIG, change);
        if (live) this.#recompute();
      },
      whole: (present) => {
        for (const key of this.#scopes.keys()) if (!present.has(key)) this.#dropScope(key);
        this.#recompute();
      },
    });
  }

  #dropScope(key: string): void {
    this.#scopes.delete(key);
    this.#remember(CONFIG, { key, value: null, revision: 0 });
  }

  /** False: it can't be read, and the last good value stays. */
  #applyScope({ key, value }: Pick<KvChange, 'key' | 'value'>): boolean {
    if (value === null) {
      this.#scopes.delete(key);
      return true;
    }
    const decoded = decodeScope(value);
    if (decoded.ok) this.#scopes.set(key, decoded.scope);
    else {
      this.#options.log.warn('a configuration key can not be read; its last good value stays', {
        key,
        error: decoded.error,
      });
    }
    return decoded.ok;
  }

  #groupHandlers(bucket: string): KvWatchHandlers {
    return snapshotThenChanges({
      change: (change) => this.#putMembership(bucket, change),
      whole: (present) => {
        if (present.size === 0) this.#setMembership(bucket, []);
        // Its key holds no value: what was known stays, and what was never known is none.
        else this.#keepMembership(bucket);
      },
      // No bucket, no groups; but a membership that was known is not lost with it.
      missing: () => this.#keepMembership(bucket),
    });
  }

  #keepMembership(bucket: string): void {
    if (this.#membership.get(bucket) === null) this.#setMembership(bucket, this.#rememberedForSure(bucket));
  }

  #putMembership(bucket: string, change: KvChange): void {
    const decoded = change.value === null ? { ok: true as const, groups: [] } : decodeGroups(change.value);
    if (decoded.ok) {
      this.#remember(bucket, change);
      this.#setMembership(bucket, decoded.groups);
      return;
    }
    this.#options.log.warn('the groups of this PC can not be read; the last good ones stay', {
      bucket,
      error: decoded.error,
    });
    this.#keepMembership(bucket);
  }

  #remembered(bucket: string): Membership | 'unreadable' {
    try {
      const value = this.#options.store.kvCache.get(bucket, this.#options.pcId)?.value ?? null;
      if (value === null) return null;
      const decoded = decodeGroups(value);
      return decoded.ok ? decoded.groups : null;
    } catch (error) {
      this.#options.log.warn('the groups of before could not be read', { bucket, error: errorText(error) });
      return 'unreadable';
    }
  }

  /** For want of what the broker says. Throws where it can't be read at present: the watch then begins again, and this with it. */
  #rememberedForSure(bucket: string): readonly GroupName[] {
    const remembered = this.#remembered(bucket);
    if (remembered === 'unreadable') throw new Error(`what is kept of ${bucket} can't be read`);
    return remembered ?? [];
  }

  #setMembership(bucket: string, groups: readonly GroupName[]): void {
    this.#membership.set(bucket, groups);
    const all = [...this.#membership.values()];
    if (all.some((each) => each === null)) return;
    const union = new Set(all.flatMap((each) => each ?? []));
    const now = this.#groups.value;
    if (now !== null && now.size === union.size && [...union].every((group) => now.has(group))) return;
    this.#options.log.info('groups', { groups: [...union].sort() });
    this.#groups.set(union);
    this.#recompute();
  }

  #remember(bucket: string, { key, value, revision }: KvChange): void {
    const { kvCache, timeline } = this.#options.store;
    const stored = kvCache.putChanged(bucket, key, { value, revision, read: timeline.now() });
    drop(stored, this.#options.log, 'remembering a broker key');
  }

  #recompute(): void {
    const layers = this.#layers();
    const { effective, warnings } = resolve(layers);
    const warned = warnings.join('\n');
    if (warned !== this.#warned) for (const warning of warnings) this.#options.log.warn(warning);
    this.#warned = warned;
    if (JSON.stringify(effective) === JSON.stringify(this.#effective.value)) return;
    this.#options.log.info('effective configuration', { ...effective });
    this.#effective.set(effective);
  }

  /** Global, then the own groups in byte order, then this PC (protocol §7). */
  #layers(): Layer[] {
    const groups = [...(this.#groups.value ?? [])].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const keys = [configKeys.global, ...groups.map(configKeys.group), configKeys.pc(this.#options.pcId)];
    return keys.flatMap((key) => {
      const scope = this.#scopes.get(key);
      return scope === undefined ? [] : [{ key, scope }];
    });
  }
}
