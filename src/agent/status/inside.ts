/**
 * What the helpdesk's screen asks for. Who may call is checked before (`roles.ts`); here each answer is kept to a size that fits,
 * whatever is stored: rows by their number, texts by their length.
 */
import type { MethodName, Parsed, Result } from '../../shared/contract.ts';
import {
  FAILURES,
  LEFT_OUT,
  LOOK_BACK_MS,
  MAX_FAILURE_KINDS,
  MAX_LINK_SPANS,
  MAX_LOG_LINES,
  MAX_PARKED_ROWS,
} from '../../shared/helpdesk-limits.ts';
import type { LogEnd, Parked, SettingMeaning } from '../../shared/helpdesk-view.ts';
import { clip, runTitle } from '../../shared/run-title.ts';
import type { StuckMessage } from '../store/outbox.ts';
import type { Caller } from './client-deps.ts';
import { clipped, MAX_ID_CHARS, MAX_TEXT_CHARS } from './clipped.ts';
import type { StatusPorts } from './ports.ts';

type Inside = Extract<
  MethodName,
  'failures.list' | 'connection.history' | 'outbox.parked' | 'log.end' | 'config.effective'
>;

const MAX_WHY_CHARS = 200;
const MAX_LINE_CHARS = 1_000;

export const insideHandlers: {
  readonly [M in Inside]: (params: Parsed<M>, caller: Caller) => Result<M> | Promise<Result<M>>;
} = {
  'failures.list': (_params, { deps: { ports } }) => failuresOf(ports),
  'connection.history': (_params, { deps: { ports } }) => {
    const nowMs = ports.clock.nowMs();
    const spans = ports.linkSpans(nowMs - LOOK_BACK_MS, MAX_LINK_SPANS);
    return { nowMs, spans: spans.map((span) => ({ ...span, why: clipped(span.why, MAX_WHY_CHARS) })) };
  },
  'outbox.parked': (_params, { deps: { ports } }) => {
    const { parked, others } = ports.outbox.counts();
    return {
      total: parked + others.stuck,
      rows: ports.outbox.stuck(MAX_PARKED_ROWS).map((row) => stuckRow(row, ports)),
    };
  },
  'log.end': async (_params, { deps: { ports } }) => shortened(await ports.logEnd()),
  'config.effective': (_params, { deps: { ports } }) =>
    ports.settings().map((setting) => ({
      key: setting.key,
      value: typeof setting.value === 'string' ? clip(setting.value, MAX_TEXT_CHARS) : setting.value,
      source: clip(setting.source, MAX_TEXT_CHARS),
      locked: setting.locked,
      place: clipped(setting.place, MAX_TEXT_CHARS),
      about: setting.about,
      means: clippedMeaning(setting.means),
      builtIn: clippedMeaning(setting.builtIn),
      changed: setting.changed,
    })),
};

function stuckRow(
  { kind, id, run, attempts, sinceMs, why }: StuckMessage,
  { history }: StatusPorts,
): Parked['rows'][number] {
  const record = run === null ? undefined : history.get(run);
  return {
    kind,
    resultId: clip(id, MAX_ID_CHARS),
    run: record?.run ?? null,
    title: record === undefined ? null : runTitle(record.manifestId, record.title),
    attempts,
    parkedAtMs: sinceMs,
    why: clip(why, MAX_WHY_CHARS),
  };
}

function failuresOf({ clock, failures, history }: StatusPorts): Result<'failures.list'> {
  const fromMs = clock.nowMs() - LOOK_BACK_MS;
  const { sinceMs, kinds, rows } = failures.since(fromMs, FAILURES, MAX_FAILURE_KINDS, LEFT_OUT);
  return {
    sinceMs: sinceMs > fromMs ? sinceMs : null,
    kinds,
    rows: rows.flatMap(({ manifestId, reason, count, lastRun }) => {
      const last = history.get(lastRun);
      if (last === undefined) return [];
      const title = runTitle(manifestId, last.title);
      const lastAtMs = last.finishedAtMs ?? last.receivedAtMs;
      return { title, manifestId: clipped(manifestId, MAX_ID_CHARS), reason, count, lastRun, lastAtMs };
    }),
  };
}

function shortened(end: LogEnd): LogEnd {
  switch (end.kind) {
    case 'none':
      return end;
    case 'unread':
      return { ...end, path: clip(end.path, MAX_TEXT_CHARS), why: clip(end.why, MAX_WHY_CHARS) };
    case 'lines': {
      const lines = end.lines.slice(-MAX_LOG_LINES).map((line) => clip(line, MAX_LINE_CHARS));
      return { ...end, path: clip(end.path, MAX_TEXT_CHARS), lines };
    }
  }
}

function clippedMeaning(meaning: SettingMeaning): SettingMeaning {
  return meaning.kind === 'text' ? { ...meaning, text: clip(meaning.text, MAX_TEXT_CHARS) } : meaning;
}
