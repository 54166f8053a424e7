import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import { READABLE_ENTRY } from '../platform/windows/access.ts';
import { StillHeld } from '../platform/windows/holders.ts';
import { putEntry } from './entry.ts';
import type { InstallInput } from './plan.ts';

/** A Start menu, and the order of what is done there; `isHeld`: by a program that is nobody's to end. */
function pc(isHeld: boolean) {
  const root = tempDir();
  const [menu, staged] = [join(root, 'menu'), join(root, 'staged')];
  for (const directory of [menu, staged]) mkdirSync(directory);
  const entry = join(menu, 'Kanade Tray.lnk');
  const [done, said]: [string[], string[]] = [[], []];
  const system = {
    shutFile: (path: string) => {
      if (isHeld) throw new StillHeld('somebody has it open');
      done.push(`shut ${basename(path)}`);
    },
    makeFile: (path: string, content: Uint8Array) => {
      expect(path).toMatch(/\.[0-9a-f]{16}\.new$/);
      done.push(`made ${readFileSync(entry, 'utf8')}`);
      writeFileSync(path, content, { flag: 'wx' });
    },
    giveAccess: (path: string, sddl: string) => {
      expect(sddl).toBe(READABLE_ENTRY);
      done.push(`gave ${basename(path)}`);
    },
  };
  const log = { say: (line: string) => void said.push(line) };
  const input = { entry, staged, system, log } as unknown as InstallInput;
  return { input, entry, menu, done, said, make: () => writeFileSync(join(staged, 'entry.lnk'), 'new') };
}

it('is shut before it is replaced, and never opened where people may hold it', () => {
  const { input, entry, menu, done, make } = pc(false);
  writeFileSync(entry, 'old');
  make();
  putEntry(input);
  expect(done).toEqual(['shut Kanade Tray.lnk', 'made old', 'gave Kanade Tray.lnk']);
  expect(readFileSync(entry, 'utf8')).toBe('new');
  expect(readdirSync(menu)).toEqual(['Kanade Tray.lnk']);
});

it('stays as it is where somebody holds it whom we must not end', () => {
  const { input, entry, done, said, make } = pc(true);
  writeFileSync(entry, 'old');
  make();
  putEntry(input);
  expect(readFileSync(entry, 'utf8')).toBe('old');
  expect(done).toEqual(['gave Kanade Tray.lnk']);
  expect(said).toEqual([expect.stringMatching(/^note: .*stays as it was until the next installation/)]);
});

it('is made by an installer alone: what an agent installs has none', () => {
  const { input, entry, done } = pc(false);
  putEntry(input);
  expect(existsSync(entry)).toBe(false);
  expect(done).toEqual([]);
});
