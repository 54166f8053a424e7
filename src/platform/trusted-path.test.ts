import { chmodSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import { distrustAbove } from './trusted-path.ts';

const isRoot = process.geteuid?.() === 0;
const SOMEBODY = 12_345;

/** Directories of ours, and one that everybody may write to. */
function places() {
  const top = tempDir();
  for (const name of ['ours', 'loose', 'end']) mkdirSync(join(top, name));
  const at = (...parts: string[]) => join(top, ...parts);
  writeFileSync(at('end', 'file'), '');
  chmodSync(at('loose'), 0o777);
  return at;
}

describe.skipIf(process.platform === 'win32')('the way of a name', () => {
  it('may lead over links of ours in directories of ours', () => {
    const at = places();
    symlinkSync('../end/file', at('ours', 'middle'));
    symlinkSync('middle', at('ours', 'name'));
    expect(distrustAbove(at('ours', 'name'))).toBeNull();
    expect(distrustAbove(at('ours', 'none', 'none'))).toBeNull();
  });

  it.each(['relative', 'absolute'])('is not ours where a link in between lies open to others: %s', (kind) => {
    const at = places();
    symlinkSync(at('end', 'file'), at('loose', 'middle'));
    symlinkSync(kind === 'relative' ? '../loose/middle' : at('loose', 'middle'), at('ours', 'name'));
    expect(distrustAbove(at('ours', 'name'))).toEqual({ path: at('loose'), why: 'can be written by everybody' });
  });

  it('is not ours where the link of a directory leads on over one that lies open to others', () => {
    const at = places();
    symlinkSync(at('end'), at('loose', 'middle'));
    symlinkSync('../loose/middle', at('ours', 'directory'));
    expect(distrustAbove(`${at('ours', 'directory')}/../end/file`)).toMatchObject({ path: at('loose') });
  });

  it.runIf(isRoot)('is not ours where a link in between is of somebody else, also in a sticky directory', () => {
    const at = places();
    chmodSync(at('loose'), 0o1777);
    symlinkSync(at('end', 'file'), at('loose', 'middle'));
    symlinkSync('../loose/middle', at('ours', 'name'));
    expect(distrustAbove(at('ours', 'name'))).toBeNull();
    lchownSync(at('loose', 'middle'), SOMEBODY, SOMEBODY);
    expect(distrustAbove(at('ours', 'name'))).toEqual({
      path: at('loose', 'middle'),
      why: `is a link of user ${SOMEBODY}`,
    });
  });

  it.each(['of the name itself', 'of a link'])(
    'is not ours where it leads out again of what lies open to others: %s',
    (of) => {
      const at = places();
      mkdirSync(at('loose', 'x'));
      const back = `${at('loose', 'x')}/../../end/file`;
      if (of === 'of a link') symlinkSync('../loose/x/../../end/file', at('ours', 'name'));
      const found = distrustAbove(of === 'of a link' ? at('ours', 'name') : back);
      expect(found).toEqual({ path: at('loose'), why: 'can be written by everybody' });
    },
  );

  it('may lead out again of what is ours', () => {
    const at = places();
    expect(distrustAbove(`${at('ours')}/../end/../end/file`)).toBeNull();
  });

  it('comes to an end where links lead around', () => {
    const at = places();
    symlinkSync('two', at('ours', 'one'));
    symlinkSync('one', at('ours', 'two'));
    expect(distrustAbove(at('ours', 'one'))).toBeNull();
  });
});
