import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import { namesInUnit, variablesSetByIt } from './set-variables.ts';

const UNIT = 'kanade-tray-agent.service';

function system(files: Readonly<Record<string, string>>, cgroup = `0::/system.slice/${UNIT}\n`) {
  const root = tempDir();
  for (const [name, text] of Object.entries({ ...files, cgroup })) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return namesInUnit({ root, cgroup: join(root, 'cgroup') }).toSorted();
}

it.skipIf(process.platform === 'win32')(
  'finds what an administrator has set for the unit, wherever that can be said',
  () => {
    const names = system({
      [`lib/systemd/system/${UNIT}`]: '[Service]\nEnvironment=OF_THE_PACKAGE=1\nExecStart=/bin/x NOT_ONE=1\n',
      [`etc/systemd/system/${UNIT}.d/a.conf`]:
        '[Service]\nEnvironment=ONE=1 "TWO=a b" \\\n  \'THREE=3\'\n#Environment=NOT_THIS=1\n',
      [`run/systemd/system/${UNIT}.d/b.conf`]: 'EnvironmentFile=-/etc/kanade/env\nPassEnvironment=FOUR FIVE\n',
      'etc/systemd/system/kanade-.service.d/c.conf': 'Environment=SIX=6',
      'etc/systemd/system/service.d/d.conf': 'Environment=SEVEN=7',
      'etc/systemd/system.conf.d/e.conf': '[Manager]\nDefaultEnvironment="EIGHT=8"\n',
      'etc/systemd/system/other.service.d/f.conf': 'Environment=NOT_OURS=1',
      'etc/kanade/env': '# NOT_ONE_EITHER=1\nNINE=9\nexport TEN="a b"\n',
    });
    const wanted = ['ONE', 'TWO', 'THREE', 'FOUR', 'FIVE', 'SIX', 'SEVEN', 'EIGHT', 'NINE', 'TEN', 'OF_THE_PACKAGE'];
    expect(names).toEqual(wanted.toSorted());
  },
);

it.skipIf(process.platform === 'win32')('is nothing outside of a unit, and where nothing can be read', () => {
  expect(system({}, '0::/user.slice/session-1.scope\n')).toEqual([]);
  expect(system({})).toEqual([]);
  expect(variablesSetByIt({}, 'linux')).toEqual([]);
});

it.skipIf(process.platform !== 'win32')('on Windows is what the account gets at its sign-in', () => {
  const names = variablesSetByIt(process.env).map((name) => name.toUpperCase());
  expect(names).toContain('SYSTEMROOT');
});
