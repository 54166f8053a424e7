import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../../../test/support/temp.ts';
import { onMains } from './power-supply.ts';

type Supply = Readonly<Record<string, string>>;

const MAINS = (online: string): Supply => ({ type: 'Mains', online });
const USB = (online: string): Supply => ({ type: 'USB', online });
const BATTERY = (status: string): Supply => ({ type: 'Battery', status });
const MOUSE: Supply = { type: 'Battery', scope: 'Device', status: 'Discharging' };

/** As the kernel lays them out. */
function machine(...supplies: readonly Supply[]): string {
  const directory = tempDir();
  for (const [index, supply] of supplies.entries()) {
    const own = join(directory, `supply${index}`);
    mkdirSync(own);
    for (const [file, text] of Object.entries(supply)) writeFileSync(join(own, file), `${text}\n`);
  }
  return directory;
}

test.each<readonly [string, readonly Supply[], boolean | null]>([
  ['a desktop', [], true],
  ['a desktop with a mouse that has a battery', [MOUSE], true],
  ['a laptop on its charger', [MAINS('1'), BATTERY('Charging')], true],
  ['a laptop on its charger, whose battery is drained by its load', [MAINS('1'), BATTERY('Discharging')], true],
  ['a laptop without', [MAINS('0'), BATTERY('Discharging')], false],
  ['a laptop without, and its battery says nothing', [MAINS('0'), BATTERY('Unknown')], false],
  ['one of two USB ports with a charger', [USB('0'), USB('1'), BATTERY('Full')], true],
  ['no charger at either USB port', [USB('0'), USB('0'), BATTERY('Discharging')], false],
  ['only the battery tells: it is drained', [BATTERY('Discharging')], false],
  ['only the battery tells: it is full', [BATTERY('Full')], true],
  ['only the battery tells: it is kept below full', [BATTERY('Not charging')], true],
  ['one of two batteries is drained', [BATTERY('Full'), BATTERY('Discharging')], false],
  ['only the battery tells, and does not know', [BATTERY('Unknown')], null],
])('%s', (_what, supplies, expected) => {
  expect(onMains(machine(...supplies))).toBe(expected);
});

test('a system without such a directory is no laptop', () => {
  expect(onMains(join(tempDir(), 'none'))).toBe(true);
});
