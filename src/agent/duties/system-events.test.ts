import { expect, it } from 'vitest';
import { runIdOf } from '../../../test/support/ids.ts';
import { testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { WatchedCell } from '../../base/watched.ts';
import { journald, type Severity } from '../../platform/system-journal.ts';
import type { LinkStatus } from '../bus/bus.ts';
import type { RunRecord } from '../store/history.ts';
import type { EndedRun } from '../store/runs.ts';
import { EVENT, startSystemEvents } from './system-events.ts';

const connected = { state: 'connected', why: null } as LinkStatus;
const refused = { state: 'refused', why: 'authorization violation' } as LinkStatus;

function journalOf(options: { hidesNames?: boolean; record?: Partial<RunRecord> } = {}) {
  const written: [number, Severity, string][] = [];
  const link = new WatchedCell(connected);
  let end: (ended: EndedRun) => void = () => {};
  const record = {
    requestId: 'r-1',
    title: 'Update the printer',
    manifestId: 'printer',
    detail: null,
    ...options.record,
  };
  const store = testStore(tempDir());
  const events = startSystemEvents({
    journal: { write: (...entry) => void written.push(entry) },
    version: '1.2.3',
    pcId: 'PC-1',
    link,
    history: { get: () => record as RunRecord },
    onEnded: (listener) => {
      end = listener;
      return () => {
        end = () => {};
      };
    },
    onUndone: (listener) => store.updateNotes.onUndone(listener),
    hidesNames: options.hidesNames ?? false,
  });
  return {
    written,
    link,
    store,
    events,
    end: (ended: Partial<EndedRun>) => end({ run: runIdOf(1), reason: 'DONE', exitCode: 0, ...ended }),
  };
}

it('says start and stop', () => {
  const { written, events } = journalOf();
  events.close();
  expect(written).toEqual([
    [EVENT.started, 'info', 'version 1.2.3 started for PC-1'],
    [EVENT.stopped, 'info', 'version 1.2.3 stopped'],
  ]);
});

it('says of an update that it was taken back, once it is on the disk', async () => {
  const { written, store } = journalOf();
  await store.updateNotes.noteUndone({ version: '2.0.0', serial: 7, manifest: 'a', why: 'did_not_start', atMs: 1 });
  await store.updateNotes.noteUndone({ version: '2.0.0', serial: 7, manifest: 'a', why: 'did_not_start', atMs: 2 });
  expect(written.slice(1)).toEqual([
    [EVENT.updateUndone, 'warning', 'version 2.0.0 is not used: did_not_start, release 7'],
  ]);
});

it.each([
  ['DONE', 0, EVENT.run, 'info'],
  ['FAILED', 5, EVENT.run, 'warning'],
  ['TIMEOUT', -1, EVENT.killed, 'warning'],
  ['KILLED_WAITING', -1, EVENT.killed, 'warning'],
  ['INTERRUPTED', 121, EVENT.killed, 'warning'],
  ['REVOKED', 126, EVENT.refused, 'warning'],
  ['BAD_MESSAGE', -1, EVENT.refused, 'warning'],
  ['CONFLICT', null, EVENT.refused, 'warning'],
] as const)('files %s under its own number', (reason, exitCode, id, severity) => {
  const { written, end } = journalOf();
  end({ reason, exitCode });
  const code = exitCode === null ? '' : `, exit code ${exitCode}`;
  expect(written.at(-1)).toEqual([id, severity, `Update the printer, request r-1, ${reason}${code}`]);
});

it('names no task where names are for the helpdesk only, as everybody reads the journal', () => {
  const { written, end } = journalOf({ hidesNames: true });
  end({});
  expect(written.at(-1)?.[2]).toBe('request r-1, DONE, exit code 0');
});

it('says a refused sign-in once, until it has worked again', () => {
  const { written, link } = journalOf();
  link.set(refused);
  link.set({ ...refused, why: 'again' });
  link.set(connected);
  link.set({ ...refused });
  const said = written.filter(([id]) => id === EVENT.signInRefused);
  expect(said.map(([, , text]) => text)).toEqual([
    'the server refuses the sign-in: authorization violation',
    'the server refuses the sign-in: authorization violation',
  ]);
});

it('writes one line with a level that journald reads', () => {
  const lines: string[] = [];
  const journal = journald({ write: (text: string) => lines.push(text) } as never);
  journal.write(1202, 'warning', 'two\r\nlines');
  expect(lines).toEqual(['<4>event 1202: two lines\n']);
});
