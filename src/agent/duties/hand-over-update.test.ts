import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { testRelease, testTrust } from '../../../test/support/releases.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { writeCurrent } from '../../base/current-version.ts';
import { HANDED_OVER } from '../../base/handed-over.ts';
import { silentLogger } from '../../base/logger.ts';
import { Installation } from '../update/installation.ts';
import { handOverUpdate, showOwnVersion } from './hand-over-update.ts';
import type { Offer } from './release-lookup.ts';

const MANIFEST = '5'.repeat(64);

/** A version whose set-up says in `asked` with what and from where it was started, and ends with `code`. */
function version(tree: string, asked: string, code: number): void {
  for (const part of ['node', 'agent']) mkdirSync(join(tree, part), { recursive: true });
  const node = join(tree, 'node', process.platform === 'win32' ? 'node.exe' : 'node');
  writeFileSync(node, `#!/bin/sh\nexec '${process.execPath}' "$@"\n`);
  chmodSync(node, 0o755);
  const said = `JSON.stringify({ from: __dirname, args: process.argv.slice(2) })`;
  const script = `require('fs').writeFileSync(${JSON.stringify(asked)}, ${said}); console.log('as it went'); process.exit(${code});`;
  writeFileSync(join(tree, 'agent', 'setup.js'), script);
}

function rig(code: number) {
  const installation = new Installation(tempDir(), 'setup');
  const ready = installation.readyDirectory('2.0.0');
  const asked = join(tempDir(), 'asked');
  version(installation.treeIn(ready), asked, code);
  const release = testRelease(testTrust().keys, Buffer.from('x'), { serial: 12, allow_downgrade: true });
  const offer = { release, manifest: MANIFEST } as Offer;
  return { installation, ready, asked, offer };
}

// Elsewhere a shell script is no program.
test.skipIf(process.platform === 'win32')(
  'the set-up is told of the trial, runs beside what it moves, and a refusal of it is said',
  async () => {
    const { installation, ready, asked, offer } = rig(118);
    const { signal } = new AbortController();
    const why = await handOverUpdate({ installation, offer, log: silentLogger, signal });
    expect(why).toBe('the set-up ended with 118: as it went');
    const { from, args } = JSON.parse(readFileSync(asked, 'utf8'));
    const staged = join(ready, 'package');
    const commandLine = join(ready, 'command-line.txt');
    expect(from).toBe(join(ready, 'runner', 'agent'));
    const paths = ['--root', installation.root, '--staged', staged, '--command-line', commandLine];
    expect(args).toEqual(['install', ...paths, '--trial', `12:${MANIFEST}`]);
    expect(readFileSync(commandLine, 'utf16le')).toBe('kanade-tray-update /S /ALLOWDOWNGRADE=1');
  },
);

test.skipIf(process.platform === 'win32')('handed over, it waits for our own end', async () => {
  const { installation, asked, offer } = rig(HANDED_OVER);
  const ending = new AbortController();
  const handing = handOverUpdate({ installation, offer, log: silentLogger, signal: ending.signal });
  const ended = expect(handing).rejects.toThrow('stopped');
  await eventually(() => expect(existsSync(asked)).toBe(true));
  ending.abort(new Error('stopped'));
  await ended;
});

test.skipIf(process.platform === 'win32')(
  'what people start is made this version only where it is another one',
  async () => {
    const { installation } = rig(0);
    const asked = join(tempDir(), 'asked');
    version(installation.directoryOf('1.0.0'), asked, 0);
    const show = () =>
      showOwnVersion({ installation, log: silentLogger, signal: new AbortController().signal }, '1.0.0');
    writeCurrent(join(installation.root, 'current.json'), { version: '1.0.0' });
    await show();
    expect(existsSync(asked)).toBe(false);
    writeCurrent(join(installation.root, 'current.json'), { version: '2.0.0' });
    await show();
    expect(JSON.parse(readFileSync(asked, 'utf8')).args).toEqual(['show', '--root', installation.root]);
  },
);
