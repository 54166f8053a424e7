import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { deps, finished, start } from '../../../test/support/running-scripts.ts';
import { tempDir } from '../../../test/support/temp.ts';

describe.skipIf(process.platform === 'win32')('a script that can not be started', () => {
  const failed = (why: string) => ({ outcome: { kind: 'spawn-failed', why }, stdout: '', stderr: '' });

  it('says that its directory is not there', async () => {
    expect(await finished('true', { cwd: '/nope/x' })).toEqual(
      failed('the working directory "/nope/x" does not exist'),
    );
  });

  it('says that its directory is a file', async () => {
    const file = join(tempDir(), 'file');
    writeFileSync(file, '');
    expect(await finished('true', { cwd: file })).toEqual(failed(`the working directory "${file}" is not a directory`));
  });

  it('says that its shell is not there, also which two for powershell', async () => {
    const with_ = deps({ env: { PATH: tempDir() } });
    expect(await finished('true', { shell: 'cmd' }, with_)).toEqual(
      failed('the shell "cmd" was not found on the PATH'),
    );
    expect(await finished('true', { shell: 'pwsh' }, with_)).toEqual(
      failed('the shell "pwsh" was not found on the PATH'),
    );
    expect(await finished('true', { shell: 'powershell' }, with_)).toEqual(
      failed('neither the shell "powershell" nor "pwsh" was found on the PATH'),
    );
  });

  it('says that a NUL is in the way', async () => {
    expect(await finished(`echo a\0b #${'x'.repeat(140_000)}`)).toEqual(failed('the script contains a NUL character'));
    expect(await finished('echo a\0b')).toEqual(failed('the script contains a NUL character'));
    expect(await finished('true', { cwd: '/tmp\0' })).toEqual(failed('the working directory contains a NUL character'));
  });

  it('says that it is too long for a shell that takes no input', async () => {
    const directory = tempDir();
    writeFileSync(join(directory, 'cmd'), '#!/bin/sh\n', { mode: 0o755 });
    const with_ = deps({ env: { PATH: directory } });
    expect((await finished('x'.repeat(200_000), { shell: 'cmd' }, with_)).outcome).toEqual({
      kind: 'spawn-failed',
      why: 'the script is too long for the command line of "cmd" (E2BIG)',
    });
  });

  it('has no pid, and may still be killed', async () => {
    const script = start('true', { cwd: '/nope' });
    expect([script.pid, script.startTime()]).toEqual([null, null]);
    script.end('killed');
    expect(['killed', 'spawn-failed']).toContain((await script.done).outcome.kind);
  });

  it.each(['user', 'system_gui'] as const)('is not supported with run_as %s', async (runAs) => {
    const { outcome } = await start('true', { runAs }).done;
    expect(outcome).toEqual({ kind: 'unsupported', why: `run_as ${runAs} needs Windows` });
  });

  it('costs no file descriptor', async () => {
    const openFds = () => readdirSync('/proc/self/fd').length;
    const before = openFds();
    for (let index = 0; index < 100; index++) await finished('true', { cwd: '/nope' });
    expect(openFds() - before).toBeLessThan(50);
  });
});
