/** Installing and removing leaves nothing behind, however often it is done. */
import { afterAll, expect, it } from 'vitest';
import { installed, leftAfterRestart, nothingLeft } from './expected.ts';
import { current, Pc } from './pc.ts';

const CYCLES = 20;
const pc = Pc.create();
afterAll(() => pc.dispose());

it(`installed and purged ${CYCLES} times, a PC is as it was`, { timeout: 600_000 }, async () => {
  for (let cycle = 1; cycle <= CYCLES; cycle++) {
    expect((await pc.install(current, '/NATSURL=nats://127.0.0.1:9 /CHECK=0')).code, `installation ${cycle}`).toBe(0);
    if (cycle === CYCLES) expect(await installed(pc, current)).toEqual([]);
    expect((await pc.uninstall('/PURGE=1')).code, `removal ${cycle}`).toBe(0);
  }
  expect(await nothingLeft(pc)).toEqual([]);
  expect(pc.files('C:\\ProgramData\\Kanade')).toEqual([]);
  expect(pc.has('C:\\ProgramData\\Kanade')).toBe(false);
  // The programs that waited for the removals go with the next start of Windows.
  expect(await leftAfterRestart(pc)).toEqual([]);
});
