/** 19 of the checklist: every fuse that there is has been decided (threat-model §3.2). */
import { FuseV1Options } from '@electron/fuses';
import { expect, test } from 'vitest';
import { FUSES } from '../../scripts/lib/fuses.ts';

test('every fuse is said explicitly, and those that weaken the program are off', () => {
  const known = Object.values(FuseV1Options).filter((value) => typeof value === 'number');
  const table: Readonly<Record<string, unknown>> = FUSES;
  expect(known.filter((fuse) => typeof table[String(fuse)] !== 'boolean')).toEqual([]);
  expect(FUSES.strictlyRequireAllFuses).toBe(true);
  const off = [
    FuseV1Options.RunAsNode,
    FuseV1Options.EnableNodeOptionsEnvironmentVariable,
    FuseV1Options.EnableNodeCliInspectArguments,
    FuseV1Options.GrantFileProtocolExtraPrivileges,
  ];
  expect(off.map((fuse) => table[String(fuse)])).toEqual([false, false, false, false]);
});
