import { expect, test } from 'vitest';
import { NOW } from '../../test/support/agent-status.ts';
import { linkAbsences, linkLine, linkParts, linkShare } from './describe-link.ts';
import type { LinkHistoryView } from './helpdesk-view.ts';
import { I18n } from './i18n/i18n.ts';

const HOUR = 3_600_000;
const en = new I18n('en');
type Spans = LinkHistoryView['spans'];

/** Hours before now, newest first. */
function span(fromHours: number, untilHours: number, state: Spans[number]['state'] = 'connected'): Spans[number] {
  const why = state === 'connected' ? null : 'timeout';
  return { state, why, fromMs: NOW - fromHours * HOUR, untilMs: NOW - untilHours * HOUR };
}

function parts(spans: Spans, hours = 24) {
  return linkParts({ nowMs: NOW, spans }, NOW - hours * HOUR);
}

const shown = (spans: Spans, hours = 24) =>
  parts(spans, hours).map(({ kind, fromMs, untilMs }) => [kind, (NOW - fromMs) / HOUR, (NOW - untilMs) / HOUR]);

test('the parts cover all of the time, and what nobody saw is one of its own', () => {
  expect(shown([span(2, 0), span(3, 2, 'unreachable'), span(20, 10)])).toEqual([
    ['unknown', 24, 20],
    ['connected', 20, 10],
    ['unknown', 10, 3],
    ['away', 3, 2],
    ['connected', 2, 0],
  ]);
  expect(shown([])).toEqual([['unknown', 24, 0]]);
  expect(shown([span(30, 0)])).toEqual([['connected', 24, 0]]);
  expect(shown([span(30, 26)])).toEqual([['unknown', 24, 0]]);
});

test('where the clock was set back the later span counts, and no part is shorter than nothing', () => {
  expect(shown([span(5, 0), span(8, 3, 'refused'), span(4, 2)])).toEqual([
    ['unknown', 24, 8],
    ['away', 8, 5],
    ['connected', 5, 0],
  ]);
  // One that begins after now was written by a clock that was ahead.
  expect(shown([span(-3, -2), span(24, 0)])).toEqual([['connected', 24, 0]]);
});

test('the moment between two notes is no absence, and the same before and after it is one part', () => {
  const seam = { ...span(12, 6), untilMs: NOW - 6 * HOUR - 900 };
  expect(shown([span(6, 0), seam])).toEqual([
    ['unknown', 24, 12],
    ['connected', 12, 0],
  ]);
});

test('absences are told newest first, with how long, what and why; the present one is open', () => {
  const all = parts([span(1, 0, 'no_network'), span(3, 1), span(4, 3, 'unreachable'), span(24, 6)]);
  expect(linkAbsences(all, en, NOW).map(({ said }) => said)).toEqual([
    'since 13:00, 1 hr – no network: timeout',
    '10:00 to 11:00, 1 hr – cannot reach the IT service: timeout',
    '08:00 to 10:00, 2 hr – not known: this program was off or ended suddenly, or this PC was asleep',
  ]);
  expect(linkAbsences(parts([span(24, 0)]), en, NOW)).toEqual([]);
});

test('an absence that began before the time that is shown is told with its own beginning', () => {
  const said = (spans: Spans) => linkAbsences(parts(spans), en, NOW).map((each) => each.said);
  expect(said([span(70, 0, 'unreachable')])).toEqual([
    'since 22 Nov, 16:00, 2 days – cannot reach the IT service: timeout',
  ]);
  // Two notes of the same are one absence, wherever the line begins between them.
  expect(said([span(10, 0), span(26, 10, 'refused'), span(49, 26, 'refused'), span(60, 49)])).toEqual([
    '23 Nov, 13:00 to 04:00, 39 hr – sign-in refused: timeout',
  ]);
  // What nobody saw, too.
  expect(said([span(10, 0), span(60, 30)])).toEqual([
    '24 Nov, 08:00 to 04:00, 20 hr – not known: this program was off or ended suddenly, or this PC was asleep',
  ]);
});

test('the share is that of what is known, and never rounded up to all', () => {
  expect(linkShare(parts([span(1, 0, 'refused'), span(4, 1)]), en)).toBe(
    'Connected for 75 % of the 4 hr that are known.',
  );
  expect(linkShare(parts([span(0.01, 0, 'refused'), span(24, 0.01)]), en)).toContain('Connected for 99 %');
  expect(linkShare(parts([span(24, 0)]), en)).toContain('Connected for 100 %');
  expect(linkShare(parts([]), en)).toBe('Nothing is known of this time.');
});

test('the line has as many slots as it is given, and the shortest absence is in it', () => {
  const line = (spans: Spans) => linkLine(parts(spans), 24).map(({ kind, slots }) => [kind, slots]);
  expect(line([span(2, 0), span(2.01, 2, 'refused'), span(20, 2.01)])).toEqual([
    ['unknown', 4],
    ['connected', 17],
    ['away', 1],
    ['connected', 2],
  ]);
  // A slot of both shows what there is more of.
  expect(line([span(5.7, 0)])).toEqual([
    ['unknown', 18],
    ['connected', 6],
  ]);
  const flapping = Array.from({ length: 500 }, (_, n) => span((n + 1) / 50, n / 50, n % 2 ? 'refused' : 'connected'));
  expect(line(flapping)).toEqual([
    ['unknown', 14],
    ['away', 9],
    ['connected', 1],
  ]);
  expect(linkLine([], 24)).toEqual([]);
});

test('short absences of one minute are told apart by their seconds', () => {
  const fourSeconds = 4 / 3_600;
  const away = span(1 + fourSeconds, 1, 'unreachable');
  const all = parts([span(1, 0), away, span(24, 1 + fourSeconds)]);
  expect(linkAbsences(all, en, NOW).map(({ said }) => said)).toEqual([
    expect.stringMatching(/^\d\d:\d\d:\d\d to \d\d:\d\d:\d\d, 4 sec – cannot reach/),
  ]);
});
