import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { dialog } from '../../test/support/electron-stub.ts';
import { runIdOf } from '../../test/support/ids.ts';
import { tempDir } from '../../test/support/temp.ts';
import type { AgentClient } from '../shared/client.ts';
import { CallError, Fault } from '../shared/faults.ts';
import { saveOutput } from './save-output.ts';

const ASKED = { run: runIdOf(7), stream: 'stdout' } as const;

beforeEach(() => {
  dialog.answer = { canceled: true, filePath: '' };
});

/** Gives one piece at a time, and then a fault where there is one. */
function agentWith(pieces: readonly string[], fault: Fault | null = null): { readonly agent: AgentClient } {
  const call = async (_method: string, { offsetChars }: { offsetChars: number }) => {
    const before = pieces.join('').slice(0, offsetChars);
    const at = pieces.findIndex((_piece, place) => pieces.slice(0, place).join('') === before);
    if (fault !== null && at === pieces.length - 1) throw new CallError('runs.output', fault);
    const text = pieces[at] ?? '';
    return { text, nextOffsetChars: at === pieces.length - 1 ? null : offsetChars + text.length };
  };
  return { agent: { call } as unknown as AgentClient };
}

test('an output is saved whole where the person says', async () => {
  const filePath = join(tempDir(), 'saved.txt');
  dialog.answer = { canceled: false, filePath };
  expect(await saveOutput(agentWith(['one\n', 'two\n', '三\n']), ASKED)).toEqual({ saved: true });
  expect(readFileSync(filePath, 'utf8')).toBe('one\ntwo\n三\n');
  expect(dialog.asked.at(-1)).toMatchObject({ defaultPath: 'task-7-stdout.txt' });
});

test('where the person says nowhere, nothing is read or written', async () => {
  expect(await saveOutput({ agent: null }, ASKED)).toEqual({ saved: false });
});

test('what the window may not see, or what breaks off, leaves no file behind', async () => {
  const directory = tempDir();
  dialog.answer = { canceled: false, filePath: join(directory, 'saved.txt') };
  const refused = agentWith(['one\n', 'two\n'], new Fault('role_needed', 'no'));
  expect(await saveOutput(refused, ASKED)).toMatchObject({ name: 'role_needed' });
  expect(await saveOutput({ agent: null }, ASKED)).toMatchObject({ name: 'unavailable' });
  expect(readdirSync(directory)).toEqual([]);
});
