import { chmodSync, chownSync, lchownSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TestMachine } from '../../../test/support/config-machine.ts';
import { SHUT_IT } from '../../platform/secrets.ts';
import type { Hosting } from '../../shared/states.ts';
import type { BootConfig } from './boot-config.ts';
import { readTls } from './tls-files.ts';

const OTHER_UID = 12_345;
const isRoot = process.getuid?.() === 0;
const NONE: BootConfig['tls'] = { ca: null, cert: null, key: null, serverName: null };

let here: TestMachine;
beforeEach(() => {
  here = new TestMachine();
});
afterEach(() => here.remove());

const read = (tls: Partial<BootConfig['tls']>, startedAs: Hosting = 'service') =>
  readTls({ tls: { ...NONE, ...tls }, startedAs });

describe.skipIf(process.platform === 'win32')('the files of [tls]', () => {
  test('are read as they are, and only of the key it is said that others can read it', () => {
    const file = (name: string) => {
      const path = here.file(name, `of ${name}`);
      chmodSync(path, 0o644);
      return path;
    };
    const [ca, cert, key] = [file('ca.pem'), file('cert.pem'), file('key.pem')];
    expect(read({ ca, cert, key, serverName: 'broker' })).toEqual({
      ok: true,
      tls: { ca: 'of ca.pem', cert: 'of cert.pem', key: 'of key.pem', serverName: 'broker' },
      warnings: [`${key} can be read by others; ${SHUT_IT}`],
    });
    chmodSync(key, 0o600);
    expect(read({ ca, cert, key })).toMatchObject({ ok: true, warnings: [] });
    expect(read({})).toEqual({ ok: true, tls: NONE, warnings: [] });
  });

  test.skipIf(!isRoot).each(['ca', 'cert', 'key'])(
    '%s of somebody else, or that others can write, is refused',
    (name) => {
      const file = here.file('it.pem', 'x');
      chmodSync(file, 0o664);
      expect(read({ [name]: file })).toEqual({
        ok: false,
        error: `${file} can be written by its group or by everybody`,
      });
      chmodSync(file, 0o600);
      chownSync(file, OTHER_UID, 0);
      expect(read({ [name]: file })).toEqual({
        ok: false,
        error: `${file} belongs to user ${OTHER_UID}, who could change it`,
      });
      expect(read({ [name]: join(here.root, 'none') })).toMatchObject({ ok: false });
    },
  );

  test.skipIf(!isRoot)('and one that somebody else could put into its place, or lead elsewhere, for a service', () => {
    const file = here.file('open/ca.pem', 'x');
    chmodSync(file, 0o600);
    const open = join(here.root, 'open');
    chmodSync(open, 0o777);
    const error = `${file} is not safe where it lies: ${open} can be written by everybody`;
    expect(read({ ca: file })).toEqual({ ok: false, error });
    expect(read({ ca: file }, 'headless')).toMatchObject({ ok: true });
    const link = join(here.root, 'link.pem');
    symlinkSync(file, link);
    expect(read({ ca: link })).toMatchObject({ ok: false });
    // In a sticky directory nobody can take away a file of ours, but have a link of his own.
    chmodSync(open, 0o1777);
    expect(read({ ca: file })).toMatchObject({ ok: true });
    const theirs = join(open, 'theirs.pem');
    symlinkSync(file, theirs);
    lchownSync(theirs, OTHER_UID, OTHER_UID);
    expect(read({ ca: theirs })).toEqual({ ok: false, error: `${theirs} is a link of user ${OTHER_UID}` });
  });
});
