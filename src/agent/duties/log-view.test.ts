import { execFileSync } from 'node:child_process';
import { mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../../../test/support/temp.ts';
import { LogView } from './log-view.ts';

const NOW_MS = Date.parse('2026-11-24T12:00:00Z');

function view(files: Record<string, string>, more: { keepDays?: number; answerWithinMs?: number } = {}) {
  const directory = tempDir();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  const pathTemplate = join(directory, 'agent.log');
  const log = new LogView({ pathTemplate, keepDays: 14, maxLines: 3, nowMs: () => NOW_MS, ...more });
  return { directory, log };
}

test('the last lines of the newest file are read, anew each time', async () => {
  const { log, directory } = view({ 'agent.2026-11-23.log': 'old\n', 'agent.2026-11-24.log': '1\n2\n3\n4\n' });
  const path = join(directory, 'agent.2026-11-24.log');
  expect(await log.end()).toEqual({ kind: 'lines', path, lines: ['2', '3', '4'] });
  writeFileSync(path, '5\n', { flag: 'a' });
  expect(await log.end()).toMatchObject({ lines: ['3', '4', '5'] });
});

test('what is empty, not kept, or can not be read is told apart', async () => {
  expect(await view({ 'agent.2026-11-24.log': '' }).log.end()).toMatchObject({ kind: 'lines', lines: [] });
  expect(await view({}, { keepDays: 0 }).log.end()).toEqual({ kind: 'none' });
  expect(await view({}).log.end()).toMatchObject({ kind: 'unread', why: expect.stringContaining('ENOENT') });
  const { log, directory } = view({});
  mkdirSync(join(directory, 'agent.2026-11-24.log'));
  expect(await log.end()).toMatchObject({ kind: 'unread' });
});

test.skipIf(process.platform === 'win32')(
  'a file that does not answer is looked at once, and everybody is told in time',
  async () => {
    const { log, directory } = view({}, { answerWithinMs: 50 });
    const path = join(directory, 'agent.2026-11-24.log');
    execFileSync('mkfifo', [path]);
    const answers = await Promise.all([log.end(), log.end(), log.end()]);
    expect(answers.map(({ kind }) => kind)).toEqual(['unread', 'unread', 'unread']);
    // The one look that is under way ends here: both ends are open.
    openSync(path, 'r+');
  },
);
