import { describe, expect, test } from 'vitest';
import { commandJson } from '../../../test/support/commands.ts';
import { OUTCOMES } from '../../shared/outcomes.ts';
import { type Command, decodeCommand } from '../wire/command.ts';
import { decide, decideBeforeSpawn, type Facts } from './decide.ts';

const NOW_NS = 1_764_041_424_400_468_481n;

function command(more: Record<string, unknown>): Command {
  const decoded = decodeCommand(Buffer.from(commandJson('r1', { id: 'job', version: '1.0', ...more })));
  if (!decoded.ok) throw new Error(decoded.error);
  return decoded.command;
}

const CALM: Facts = {
  scriptsEnabled: true,
  uncheckedHonoursRevoke: false,
  viewAgeMs: 0,
  connected: false,
  fresh: true,
  pinnedVersion: null,
  revoked: false,
};

const verdictText = (verdict: ReturnType<typeof decide>) => (verdict.go ? 'GO' : verdict.reason);

describe('every combination', () => {
  const switches = [true, false];
  const modes = [
    { mode: 'cached' },
    { mode: 'unchecked' },
    { mode: 'strict', max_cache_age: '5m' },
    { mode: 'strict', max_cache_age: 'nonsense' },
  ] as const;
  const ages = [0, 299_999, 300_000, 300_001, Number.POSITIVE_INFINITY];
  const pins = [null, '1.0', '2.0'];
  const deadlines = [null, NOW_NS + 1n, NOW_NS, NOW_NS - 1n];

  test.each(modes)('staleness %o', (staleness) => {
    let seen = 0;
    for (const scriptsEnabled of switches)
      for (const uncheckedHonoursRevoke of switches)
        for (const viewAgeMs of ages)
          for (const pinnedVersion of pins)
            for (const revoked of switches)
              for (const deadlineAtNs of deadlines) {
                const facts = {
                  connected: false,
                  fresh: true,
                  scriptsEnabled,
                  uncheckedHonoursRevoke,
                  viewAgeMs,
                  pinnedVersion,
                  revoked,
                };
                const asked = { ...command({ staleness }), deadlineAtNs };
                // What applies, each judged alone; the first in the order of the protocol is the answer.
                const strict = staleness.mode === 'strict';
                const unchecked = staleness.mode === 'unchecked';
                const allowedMs = strict && staleness.max_cache_age === '5m' ? 300_000 : 0;
                const applies = {
                  DISABLED: !scriptsEnabled,
                  STALE_VIEW: strict && viewAgeMs > allowedMs,
                  VERSION_PIN: !unchecked && pinnedVersion === '2.0',
                  REVOKED: revoked && (!unchecked || uncheckedHonoursRevoke),
                  DEADLINE: deadlineAtNs !== null && deadlineAtNs < NOW_NS,
                };
                const first = Object.entries(applies).find(([, holds]) => holds)?.[0] ?? 'GO';
                expect(verdictText(decide(asked, facts, NOW_NS))).toBe(first);
                const later = Object.entries(applies).find(([reason, holds]) => holds && reason !== 'VERSION_PIN');
                expect(verdictText(decideBeforeSpawn(asked, facts, NOW_NS))).toBe(later?.[0] ?? 'GO');
                seen += 1;
              }
    expect(seen).toBe(2 * 2 * 5 * 3 * 2 * 4);
  });
});

describe('exact codes and texts (protocol §4.2, §12.2)', () => {
  const deadlineAt = '2026-11-24T03:00:00Z';
  const received = BigInt(Date.parse('2026-11-24T03:30:24Z')) * 1_000_000n + 400_468_481n;

  test.each<[string, Record<string, unknown>, Partial<Facts>, bigint, number, string]>([
    [
      'scripts switched off',
      {},
      { scriptsEnabled: false },
      NOW_NS,
      122,
      'skipped: scripts are switched off on this PC by policy',
    ],
    [
      'a view that is too old',
      { staleness: { mode: 'strict', max_cache_age: '1m' } },
      { viewAgeMs: 61_500 },
      NOW_NS,
      127,
      'skipped: staleness policy (mode=strict) exceeded — agent has been disconnected for 1m 1s 500ms, max allowed 1m',
    ],
    [
      'never connected',
      { staleness: { mode: 'strict', max_cache_age: '0s' } },
      { viewAgeMs: Number.POSITIVE_INFINITY },
      NOW_NS,
      127,
      'skipped: staleness policy (mode=strict) exceeded — agent has been disconnected for 584542046090years 7months 15days 17h 5m 3s 999ms 999us 999ns, max allowed 0s',
    ],
    [
      'a good link over which nothing could be read, ever',
      { staleness: { mode: 'strict', max_cache_age: '1m' } },
      { connected: true, fresh: false, viewAgeMs: Number.POSITIVE_INFINITY },
      NOW_NS,
      127,
      'skipped: staleness policy (mode=strict) exceeded — agent has not been able to read the state of this command ever, max allowed 1m',
    ],
    [
      'or not for some time',
      { staleness: { mode: 'strict', max_cache_age: '1m' } },
      { connected: true, fresh: false, viewAgeMs: 61_500 },
      NOW_NS,
      127,
      'skipped: staleness policy (mode=strict) exceeded — agent has not been able to read the state of this command for 1m 1s 500ms, max allowed 1m',
    ],
    [
      'a newer version',
      {},
      { pinnedVersion: '2.0' },
      NOW_NS,
      124,
      'skipped: version-pin mismatch — script_current[job] = 2.0, command brought 1.0',
    ],
    ['withdrawn', {}, { revoked: true }, NOW_NS, 126, 'skipped: command was revoked (script_status[job] = revoked)'],
    [
      'too late',
      { deadline_at: deadlineAt },
      {},
      received,
      125,
      'skipped: starting deadline expired 30m 24s 400ms 468us 481ns ago (deadline 2026-11-24 03:00:00 UTC, received 2026-11-24 03:30:24.400468481 UTC)',
    ],
  ])('%s', (_name, more, facts, now, exitCode, stderr) => {
    const verdict = decide(command(more), { ...CALM, ...facts }, now);
    expect(verdict).toMatchObject({ go: false, stderr });
    expect(verdict.go ? null : OUTCOMES[verdict.reason].exitCode).toBe(exitCode);
  });
});
