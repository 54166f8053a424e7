import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { wallTime } from './local-day.ts';

test.each(['', 'UTC', 'Asia/Tokyo', 'JST-9', 'Foo/Bar'])(
  'the zone of a PC whose TZ is %j has a time of the day',
  (zone) => {
    const script = `
    const { machineZone, wallTime } = await import(${JSON.stringify(new URL('local-day.ts', import.meta.url).href)});
    console.log(JSON.stringify(wallTime(0, machineZone())));`;
    const args = ['--input-type=module', '-e', script];
    const said = execFileSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, TZ: zone } });
    const expected = zone === 'Asia/Tokyo' || zone === 'JST-9' ? wallTime(0, 'Asia/Tokyo') : wallTime(0, 'UTC');
    expect(JSON.parse(said)).toEqual(expected);
  },
);
