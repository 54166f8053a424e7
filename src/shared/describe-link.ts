/**
 * How the connection was, as a line of parts and in words. Invariant: the parts cover all of the time that is shown, and what nobody
 * saw is a part of its own; where two spans overlap, since the clock was set, the later one counts.
 */
import type { LinkHistoryView } from './helpdesk-view.ts';
import type { I18n } from './i18n/i18n.ts';

type Span = LinkHistoryView['spans'][number];

export interface LinkPart {
  readonly kind: 'connected' | 'away' | 'unknown';
  readonly fromMs: number;
  readonly untilMs: number;
  /** Before `fromMs` where it had begun before the time that is shown. */
  readonly beganMs: number;
  /** null: not known. */
  readonly span: Span | null;
}

type Stretch = Omit<LinkPart, 'beganMs'>;

/** Between the notes of two states nobody was away. */
const SEAM_MS = 1_000;

/** Oldest first, from `fromMs` until the agent's answer. */
export function linkParts(history: LinkHistoryView, fromMs: number): LinkPart[] {
  const oldestMs = history.spans.reduce((least, span) => Math.min(least, span.fromMs), fromMs);
  return stretches(history, oldestMs)
    .filter(({ untilMs }) => untilMs > fromMs)
    .map((part) => ({ ...part, fromMs: Math.max(fromMs, part.fromMs), beganMs: part.fromMs }));
}

function stretches({ spans, nowMs }: LinkHistoryView, fromMs: number): Stretch[] {
  const parts: Stretch[] = [];
  let laterMs = nowMs;
  const unknownFrom = (untilMs: number) => {
    if (laterMs > untilMs) parts.push({ kind: 'unknown', fromMs: untilMs, untilMs: laterMs, span: null });
  };
  for (const span of spans) {
    const beginsMs = Math.max(fromMs, span.fromMs);
    const endsMs = laterMs - span.untilMs <= SEAM_MS ? laterMs : span.untilMs;
    if (endsMs <= beginsMs || beginsMs >= laterMs) continue;
    unknownFrom(endsMs);
    const kind = span.state === 'connected' ? 'connected' : 'away';
    parts.push({ kind, fromMs: beginsMs, untilMs: Math.min(endsMs, laterMs), span });
    laterMs = beginsMs;
  }
  unknownFrom(fromMs);
  return joined(parts.reverse());
}

/** What follows at once and says the same is one part. */
function joined(parts: readonly Stretch[]): Stretch[] {
  const all: Stretch[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    const isSame = last !== undefined && last.kind === part.kind && last.span?.state === part.span?.state;
    if (isSame && last.span?.why === part.span?.why) all[all.length - 1] = { ...last, untilMs: part.untilMs };
    else all.push(part);
  }
  return all;
}

export interface LinkStretch {
  readonly kind: LinkPart['kind'];
  /** How long it is drawn, in slots. */
  readonly slots: number;
}

/**
 * The parts as a line of so many slots, whatever their number: an absence fills the slot that it is in, so that the shortest is there;
 * of the rest a slot shows what fills most of it.
 */
export function linkLine(parts: readonly LinkPart[], slots: number): LinkStretch[] {
  const [first, last] = [parts[0], parts.at(-1)];
  if (first === undefined || last === undefined) return [];
  const slotMs = (last.untilMs - first.fromMs) / slots;
  const line: LinkStretch[] = [];
  let next = 0;
  for (let slot = 0; slot < slots; slot++) {
    const [fromMs, untilMs] = [first.fromMs + slot * slotMs, first.fromMs + (slot + 1) * slotMs];
    const filledMs = { connected: 0, away: 0, unknown: 0 };
    for (let at = next; at < parts.length; at++) {
      const part = parts[at];
      if (part === undefined || part.fromMs >= untilMs) break;
      filledMs[part.kind] += Math.max(0, Math.min(untilMs, part.untilMs) - Math.max(fromMs, part.fromMs));
      if (part.untilMs <= untilMs) next = at + 1;
    }
    // The last slot ends now.
    const now = slot === slots - 1 ? last.kind : null;
    const kind = now ?? (filledMs.away > 0 ? 'away' : filledMs.unknown > filledMs.connected ? 'unknown' : 'connected');
    const before = line.at(-1);
    if (before?.kind === kind) line[line.length - 1] = { kind, slots: before.slots + 1 };
    else line.push({ kind, slots: 1 });
  }
  return line;
}

/** Two absences of one minute are told apart. */
const WITH_SECONDS_MS = 10 * 60_000;

/** For how much of what is known there was a connection, in one sentence. */
export function linkShare(parts: readonly LinkPart[], i18n: I18n): string {
  const total = (kinds: readonly LinkPart['kind'][]) =>
    parts.reduce((sum, { kind, fromMs, untilMs }) => sum + (kinds.includes(kind) ? untilMs - fromMs : 0), 0);
  const knownMs = total(['connected', 'away']);
  if (knownMs === 0) return i18n.t('helpdesk.link.nothing');
  // Less than all of it is never called all.
  const percent = Math.floor((100 * total(['connected'])) / knownMs);
  return i18n.t('helpdesk.link.share', { percent, all: i18n.duration(knownMs) });
}

export interface LinkAbsence {
  readonly fromMs: number;
  readonly said: string;
}

/** Each time without a connection that lasted a second, newest first. */
export function linkAbsences(parts: readonly LinkPart[], i18n: I18n, nowMs: number): LinkAbsence[] {
  const absent = parts.filter(({ kind, fromMs, untilMs }) => kind !== 'connected' && untilMs - fromMs >= SEAM_MS);
  return absent.toReversed().map((part) => {
    // When it began, and not where the line begins.
    const { beganMs, untilMs } = part;
    const isShort = untilMs - beganMs < WITH_SECONDS_MS;
    const at = (ms: number) => {
      const moment = i18n.moment(ms, nowMs);
      return isShort ? moment.replace(i18n.clock(ms), i18n.clockWithSeconds(ms)) : moment;
    };
    const said = { from: at(beganMs), t: i18n.duration(untilMs - beganMs), what: absence(part, i18n) };
    const until = at(untilMs);
    const isOpen = part === parts.at(-1);
    return {
      fromMs: part.fromMs,
      said: isOpen ? i18n.t('helpdesk.link.open', said) : i18n.t('helpdesk.link.span', { ...said, until }),
    };
  });
}

function absence({ span }: LinkPart, i18n: I18n): string {
  if (span === null) return i18n.t('helpdesk.link.unknown');
  const state = i18n.t(`connection.${span.state}`);
  return span.why === null ? state : `${state}: ${span.why}`;
}
