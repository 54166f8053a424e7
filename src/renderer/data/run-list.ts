/**
 * A long list of runs, of which only the pages that are looked at are read; what it is made of is told in one answer. It is anchored
 * at the newest run of the moment it was opened, so what arrives later moves nothing; `newer` counts it. Pages that are shown are
 * read again with each new state of the agent, since an open run ends and a result is delivered.
 */
import type { GroupCounts } from '../../shared/group-counts.ts';
import type { OutcomeGroup } from '../../shared/outcome-group-names.ts';
import type { RunOutline } from '../../shared/run-outline.ts';
import type { RunRow } from '../../shared/run-view.ts';
import type { TitleWord } from '../../shared/title-words.ts';
import type { Answer, WindowClient } from './window-client.ts';

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
  readonly outline: RunOutline | null;
  /** How many there are without a filter. */
  readonly all: number;
  /** How many there are of each group by the other conditions, now; null: not known. */
  readonly counts: GroupCounts | null;
  /** How many that fit arrived after the list was opened. */
  readonly newer: number;
  /** By its place among the runs. */
  readonly row: (index: number) => RunRow | undefined;
  /** The last question failed. */
  readonly failed: boolean;
}

export const PAGE_ROWS = 100;
/** Beyond this many pages those looked at longest ago are forgotten. */
const KEPT_PAGES = 100;

export interface RunListOptions {
  readonly client: WindowClient;
  readonly filter: RunListFilter;
  /** When days begin, oldest first, as of now. */
  readonly startsMs: () => readonly number[];
  readonly changed: () => void;
}

export class RunList {
  readonly #client: WindowClient;
  readonly #filter: RunListFilter;
  readonly #startsMs: () => readonly number[];
  readonly #changed: () => void;
  readonly #pages = new Map<number, readonly RunRow[]>();
  readonly #asking = new Set<number>();
  #outline: RunOutline | null = null;
  #counts: GroupCounts | null = null;
  #all = 0;
  #newer = 0;
  #failed = false;
  #closed = false;
  /** Counts openings: what was asked for before one is no part of the list any more. */
  #opened = 0;
  #visiblePages: readonly number[] = [0];
  #refreshing = false;
  #refreshAgain = false;
  view: RunListView;

  constructor({ client, filter, startsMs, changed }: RunListOptions) {
    this.#client = client;
    this.#filter = filter;
    this.#startsMs = startsMs;
    this.#changed = changed;
    this.view = this.#makeView();
  }

  close(): void {
    this.#closed = true;
  }

  /** Reads what the list is made of, and its first page, anchored at the newest run that there is now. */
  async open(): Promise<void> {
    this.#opened += 1;
    const mine = this.#opened;
    const outlined = await this.#askOutline({});
    if (this.#closed || this.#opened !== mine) return;
    const page =
      outlined.ok && outlined.value.matching > 0
        ? await this.#client.ask('runs.list', this.#pageQuery(0, outlined.value.newestRun))
        : null;
    if (this.#closed || this.#opened !== mine) return;
    this.#failed = !outlined.ok || page?.ok === false;
    if (outlined.ok && page?.ok !== false) {
      this.#outline = outlined.value;
      this.#all = outlined.value.all;
      this.#pages.clear();
      this.#pages.set(0, page?.value.rows ?? []);
      this.#newer = 0;
    }
    this.#say();
    void this.#count();
  }

  /** Which runs are on the screen, by their places: their pages are read where they are missing. */
  setVisible(places: readonly number[]): void {
    this.#visiblePages = [...new Set(places.map((index) => Math.floor(index / PAGE_ROWS)))];
    for (const page of this.#visiblePages) if (!this.#pages.has(page)) void this.#read(page);
  }

  /** The state of the agent has changed: counts what is newer and reads again what is looked at. */
  async refresh(): Promise<void> {
    if (this.#outline === null) {
      // The first question failed: whatever it was may be over.
      if (this.#failed) await this.open();
      return;
    }
    this.#refreshAgain = true;
    if (this.#refreshing) return;
    this.#refreshing = true;
    while (this.#refreshAgain && !this.#closed) {
      this.#refreshAgain = false;
      await this.#readAgain(this.#outline);
    }
    this.#refreshing = false;
  }

  async #readAgain({ newestRun, matching }: RunOutline): Promise<void> {
    const mine = this.#opened;
    const newer = await this.#client.ask('runs.list', { ...this.#conditions(), afterRun: newestRun, limit: 1 });
    // Of the list that was there before: what was newer then is in this one.
    if (this.#opened !== mine) return;
    // What failed before may be over.
    if (newer.ok) this.#failed = false;
    if (newer.ok && newer.value.total !== null) {
      this.#newer = newer.value.total.matching;
      this.#all = newer.value.total.all;
    }
    // In an empty list nothing can move, and nobody could ask for what is newer.
    if (matching === 0 && this.#newer > 0) return this.open();
    await this.#count();
    const { group } = this.#filter;
    // What has ended meanwhile is of another group than it was.
    if (group !== null && this.#counts !== null && this.#counts[group] - this.#newer !== matching) {
      await this.#outlineAgain();
      for (const page of this.#visiblePages) await this.#read(page);
    } else for (const page of this.#visiblePages) if (this.#mayChange(page)) await this.#read(page);
  }

  /** The place in the list of a run that is in it. */
  async indexOf(run: number): Promise<number> {
    const answer = await this.#client.ask('runs.list', { ...this.#conditions(), afterRun: run, limit: 1 });
    return answer.ok ? Math.max(0, (answer.value.total?.matching ?? 0) - this.#newer) : 0;
  }

  /** The same list from the same anchor on, as it is now. */
  async #outlineAgain(): Promise<void> {
    const mine = this.#opened;
    const answer = await this.#askOutline({ beforeRun: (this.#outline?.newestRun ?? 0) + 1 });
    if (this.#closed || this.#opened !== mine || !answer.ok || this.#outline === null) return;
    // Where the newest is not among them any more, what came after it stays newer.
    this.#outline = { ...answer.value, newestRun: this.#outline.newestRun };
    for (const page of this.#pages.keys()) if (!this.#visiblePages.includes(page)) this.#pages.delete(page);
  }

  async #askOutline(more: { readonly beforeRun?: number }): Promise<Answer<'runs.outline'>> {
    const conditions = this.#conditions();
    const answer = await this.#client.ask('runs.outline', { ...conditions, ...more, startsMs: [...this.#startsMs()] });
    if (answer.ok || answer.fault.name !== 'unknown_method') return answer;
    // An agent of the release before: a list without headings, in which nothing folds.
    const page = await this.#client.ask('runs.list', { ...conditions, limit: 1 });
    if (!page.ok) return page;
    const { rows, total } = page.value;
    const counts = { matching: total?.matching ?? 0, all: total?.all ?? 0 };
    return { ok: true, value: { newestRun: rows[0]?.run ?? 0, ...counts, days: [], folds: [] } };
  }

  async #count(): Promise<void> {
    const { group: _any, ...others } = this.#conditions();
    const answer = await this.#client.ask('runs.counts', others);
    if (this.#closed) return;
    if (answer.ok) this.#counts = answer.value;
    this.#say();
  }

  /** A page of which all is over and delivered stays as it is. */
  #mayChange(page: number): boolean {
    const rows = this.#pages.get(page);
    return rows === undefined || rows.some(({ deliveredAtMs, unreported }) => deliveredAtMs === null && !unreported);
  }

  async #read(page: number): Promise<void> {
    if (this.#asking.has(page) || this.#outline === null) return;
    const mine = this.#opened;
    this.#asking.add(page);
    const answer = await this.#client.ask('runs.list', this.#pageQuery(page, this.#outline.newestRun));
    this.#asking.delete(page);
    if (this.#closed) return;
    if (this.#opened !== mine) return this.setVisible(this.#visiblePages.map((each) => each * PAGE_ROWS));
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

  #pageQuery(page: number, newestRun: number) {
    return { ...this.#conditions(), beforeRun: newestRun + 1, skip: page * PAGE_ROWS, limit: PAGE_ROWS };
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
      outline: this.#outline,
      all: this.#all,
      counts: this.#counts,
      newer: this.#newer,
      failed: this.#failed,
      row: (index) => this.#pages.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS],
    };
  }
}
