/**
 * A long list of runs, of which only the pages that are looked at are read. It is anchored at the newest run of the moment
 * it was opened, so what arrives later moves nothing; `newer` counts it. Pages that are shown are read again with each new
 * state of the agent, since an open run ends and a result is delivered.
 */
import type { OutcomeGroup } from '../../shared/outcome-group-names.ts';
import type { RunRow } from '../../shared/run-view.ts';
import type { TitleWord } from '../../shared/title-words.ts';
import type { WindowClient } from './window-client.ts';

export interface RunListFilter {
  readonly group: OutcomeGroup | null;
  /** Received in this range; null: any day. */
  readonly range: { readonly fromMs: number; readonly toMs: number } | null;
  readonly search: string;
  /** What of the search the window's own words answer. */
  readonly shownAs: readonly TitleWord[];
}

export interface RunListView {
  /** null: not read yet. */
  readonly matching: number | null;
  /** How many there are without a filter. */
  readonly all: number;
  /** How many that fit arrived after the list was opened. */
  readonly newer: number;
  readonly row: (index: number) => RunRow | undefined;
  /** The last question failed. */
  readonly failed: boolean;
}

export const PAGE_ROWS = 100;
/** Beyond this many pages those looked at longest ago are forgotten. */
const KEPT_PAGES = 30;

export class RunList {
  readonly #client: WindowClient;
  readonly #filter: RunListFilter;
  readonly #changed: () => void;
  readonly #pages = new Map<number, readonly RunRow[]>();
  readonly #asking = new Set<number>();
  #anchor: number | null = null;
  #matching: number | null = null;
  #all = 0;
  #newer = 0;
  #failed = false;
  #closed = false;
  #looking = { first: 0, last: 0 };
  #refreshing = false;
  #refreshAgain = false;
  view: RunListView;

  constructor(client: WindowClient, filter: RunListFilter, changed: () => void) {
    this.#client = client;
    this.#filter = filter;
    this.#changed = changed;
    this.view = this.#makeView();
  }

  close(): void {
    this.#closed = true;
  }

  /** Reads the first page and anchors the list at the newest run that there is now. */
  async open(): Promise<void> {
    const answer = await this.#client.ask('runs.list', { ...this.#conditions(), limit: PAGE_ROWS });
    if (this.#closed) return;
    this.#failed = !answer.ok;
    if (answer.ok) {
      const { rows, total } = answer.value;
      this.#anchor = rows[0]?.run ?? 0;
      this.#pages.clear();
      this.#pages.set(0, rows);
      this.#matching = total?.matching ?? rows.length;
      this.#all = total?.all ?? rows.length;
      this.#newer = 0;
    }
    this.#say();
  }

  /** Which rows are on the screen: their pages are read where they are missing. */
  look(first: number, last: number): void {
    this.#looking = { first, last };
    for (const page of this.#pagesLookedAt()) if (!this.#pages.has(page)) void this.#read(page);
  }

  /** The state of the agent has changed: counts what is newer and reads again what is looked at. */
  async refresh(): Promise<void> {
    if (this.#anchor === null) {
      // The first question failed: whatever it was may be over.
      if (this.#failed) await this.open();
      return;
    }
    this.#refreshAgain = true;
    if (this.#refreshing) return;
    this.#refreshing = true;
    while (this.#refreshAgain && !this.#closed) {
      this.#refreshAgain = false;
      const newer = await this.#client.ask('runs.list', { ...this.#conditions(), afterRun: this.#anchor, limit: 1 });
      if (newer.ok && newer.value.total !== null) {
        this.#newer = newer.value.total.matching;
        this.#all = newer.value.total.all;
      }
      // In an empty list nothing can move, and nobody could ask for what is newer.
      if (this.#matching === 0 && this.#newer > 0) await this.open();
      else for (const page of this.#pagesLookedAt()) await this.#read(page);
    }
    this.#refreshing = false;
  }

  /** The place in the list of a run that is in it. */
  async indexOf(run: number): Promise<number> {
    const answer = await this.#client.ask('runs.list', { ...this.#conditions(), afterRun: run, limit: 1 });
    return answer.ok ? Math.max(0, (answer.value.total?.matching ?? 0) - this.#newer) : 0;
  }

  /** How many there are in this range of time; null: that could not be asked. */
  async countIn(fromMs: number, toMs: number): Promise<number | null> {
    const answer = await this.#client.ask('runs.list', { ...this.#conditions(), fromMs, toMs, limit: 1 });
    return answer.ok ? (answer.value.total?.matching ?? null) : null;
  }

  #pagesLookedAt(): number[] {
    const { first, last } = this.#looking;
    const from = Math.floor(first / PAGE_ROWS);
    return Array.from({ length: Math.floor(last / PAGE_ROWS) - from + 1 }, (_, step) => from + step);
  }

  async #read(page: number): Promise<void> {
    if (this.#asking.has(page) || this.#anchor === null) return;
    this.#asking.add(page);
    const query = { ...this.#anchored(), skip: page * PAGE_ROWS, limit: PAGE_ROWS };
    const answer = await this.#client.ask('runs.list', query);
    this.#asking.delete(page);
    if (this.#closed) return;
    this.#failed = !answer.ok;
    if (answer.ok) {
      this.#pages.delete(page);
      this.#pages.set(page, answer.value.rows);
      for (const oldest of this.#pages.keys()) {
        if (this.#pages.size <= KEPT_PAGES) break;
        this.#pages.delete(oldest);
      }
    }
    this.#say();
  }

  #anchored() {
    return { ...this.#conditions(), beforeRun: (this.#anchor ?? 0) + 1 };
  }

  #conditions() {
    const { group, range, search, shownAs } = this.#filter;
    return {
      ...(group === null ? {} : { group }),
      ...(range === null ? {} : range),
      ...(search.trim() === '' ? {} : { search: search.trim(), shownAs: [...shownAs] }),
    };
  }

  #say(): void {
    this.view = this.#makeView();
    this.#changed();
  }

  #makeView(): RunListView {
    return {
      matching: this.#matching,
      all: this.#all,
      newer: this.#newer,
      failed: this.#failed,
      row: (index) => this.#pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS],
    };
  }
}
