import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import { writeCurrent } from '../base/current-version.ts';
import { shownVersion } from './shown-version.ts';

it('is the version that the file says, and none where it says none', () => {
  const root = tempDir();
  const file = join(root, 'current.json');
  expect(shownVersion(root)).toBeNull();
  writeCurrent(file, { version: '1.2.3' });
  expect(shownVersion(root)).toBe('1.2.3');
  for (const text of ['{', '{"version":"../../evil"}', `{"version":"1.2.3"}${' '.repeat(5000)}`]) {
    writeFileSync(file, text);
    expect(shownVersion(root)).toBeNull();
  }
  rmSync(file);
  mkdirSync(file);
  expect(shownVersion(root)).toBeNull();
});

it.skipIf(process.platform === 'win32')('waits for nobody: who holds it open is asked nothing', () => {
  const root = tempDir();
  // As an opportunistic lock does on Windows, a pipe without a writer holds whoever opens it.
  execFileSync('mkfifo', [join(root, 'current.json')]);
  expect(shownVersion(root)).toBeNull();
});

it('nothing of the agent or the set-up reads what people may hold in another way', () => {
  const src = fileURLToPath(new URL('..', import.meta.url));
  const code = globSync('{agent,base,platform,setup}/**/*.ts', { cwd: src })
    .filter((file) => !file.endsWith('.test.ts'))
    .flatMap((file) =>
      readFileSync(join(src, file), 'utf8')
        .split('\n')
        .filter((line) => !/^\s*(?:\*|\/[/*])/.test(line))
        .map((line) => `${file.replaceAll('\\', '/')}: ${line.trim()}`),
    );
  const ofPeople = code.filter((line) => /'current\.json'/.test(line) && !/private/i.test(line));
  expect(ofPeople.toSorted()).toEqual([
    // Whether it is there asks nobody who holds it.
    "agent/config/trust.ts: return existsSync(join(root, 'current.json')) ? [program, version, versions, join(root, 'bin'), root] : [];",
    "platform/shown-version.ts: const found = readTrustedFile(join(root, 'current.json'), rule);",
    // `shownFile`, which is written and shut.
    "setup/layout.ts: return join(this.root, 'current.json');",
  ]);
  expect(code.filter((line) => /read\w*\([^)]*shownFile/i.test(line))).toEqual([]);
});
