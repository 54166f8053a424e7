import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { wallTime } from './local-day.ts';

test.each([
  ['', 'UTC'],
  ['UTC', 'UTC'],
  ['Asia/Tokyo', 'Asia/Tokyo'],
  ['JST-9', 'Asia/Tokyo'],
  ['Foo/Bar', 'UTC'],
  // As POSIX has it: five hours to the west.
  ['GMT+5', 'Etc/GMT+5'],
  ['UTC+5', 'Etc/GMT+5'],
  ['XYZ5', 'Etc/GMT+5'],
  ['GMT-9', 'Asia/Tokyo'],
])('the zone of a PC whose TZ is %j has the time of the day of %s', (zone, same) => {
  const script = `
    const { machineZone, wallTime } = await import(${JSON.stringify(new URL('local-day.ts', import.meta.url).href)});
    console.log(JSON.stringify(wallTime(0, machineZone())));`;
  const args = ['--input-type=module', '-e', script];
  const said = execFileSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, TZ: zone } });
  expect(JSON.parse(said)).toEqual(wallTime(0, same));
});
