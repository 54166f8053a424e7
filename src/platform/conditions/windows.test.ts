import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../../test/support/temp.ts';
import { atEnd } from '../../base/at-end.ts';
import { native } from '../windows/native.ts';
import { ownTokenIn } from '../windows/tokens.ts';
import { ownIdleMs, windowsConditions } from './windows.ts';
import { consoleIdleMs, idleMsWith } from './windows-console.ts';

describe.runIf(process.platform === 'win32')('what Windows tells', () => {
  test('of power and network is yes, no or not known, and of the network only where there is such a call', async () => {
    const here = windowsConditions(false);
    expect([true, false, null]).toContain(await here.acPower());
    expect([true, false, null]).toContain(await here.network());
    expect(here.tells.has('acPower') && here.tells.has('idle')).toBe(true);
    if (!here.tells.has('network')) expect(await here.network()).toBeNull();
  });

  test('of the input in its own session is a time that goes on', async () => {
    const idleMs = ownIdleMs();
    expect(idleMs).toBeGreaterThanOrEqual(0);
    expect(await windowsConditions(false).idleMs()).toBeGreaterThanOrEqual(idleMs ?? 0);
  });

  function program(text: string): string {
    const file = join(tempDir(), 'program.mjs');
    writeFileSync(file, text);
    return file;
  }

  test.each([
    ['says it', `process.stdout.write(process.argv.at(-1) === '--input-idle' ? '61000\\n' : 'no');`, 61_000],
    ['can not tell', 'process.exitCode = 1; console.log(5);', null],
    ['says something else', `console.log('soon');`, null],
  ])('the program in the session of the person %s', async (_what, text, expected) => {
    const token = ownTokenIn(null);
    using _ = atEnd(() => native().CloseHandle(token));
    expect(await idleMsWith(token, program(text))).toBe(expected);
  });

  test('a service learns of the console a time, that nobody is there, or nothing', async () => {
    const idleMs = await consoleIdleMs(program(`console.log(7);`));
    expect([7, Number.POSITIVE_INFINITY, null]).toContain(idleMs);
  });
});
