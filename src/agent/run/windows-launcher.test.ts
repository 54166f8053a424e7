import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/support/eventually.ts';
import { isAlive, pidFrom } from '../../../test/support/running-scripts.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { consoleSessionId, signedIn, userSession } from '../../platform/sessions.ts';
import { environmentOf } from '../../platform/windows/environment-block.ts';
import { native } from '../../platform/windows/native.ts';
import { ownSid } from '../../platform/windows/sids.ts';
import { PERSONS_DESKTOP, startWithToken } from '../../platform/windows/token-process.ts';
import { ownTokenIn } from '../../platform/windows/tokens.ts';
import { BatchFiles } from './batch-file.ts';
import { Capture } from './capture.ts';
import type { Launched } from './launcher.ts';
import { makeRunner } from './make-runner.ts';
import { type RunningScript, type ScriptSpec, startScript } from './script-runner.ts';
import { launchedWithToken } from './windows-launcher.ts';

let runs = 0;
let directory = '';
beforeEach(() => {
  directory = tempDir();
});

function start(script: string, changes: Partial<ScriptSpec> = {}): RunningScript {
  const env = { ...process.env, KANADE_NATS_TOKEN: 'secret', Kanade_other: 'secret' };
  const runner = makeRunner({ env, maxOutputBytes: 1024 * 1024, priority: 'below_normal', directory });
  const marker = `windows-test-${process.pid}-${runs++}`;
  return startScript({ marker, shell: 'cmd', script, cwd: null, runAs: 'system', timeoutSecs: 60, ...changes }, runner);
}

async function finished(
  ...args: Parameters<typeof start>
): Promise<{ outcome: unknown; stdout: string; stderr: string }> {
  const { outcome, stdout, stderr } = await start(...args).done;
  return { outcome, stdout: stdout.text, stderr: stderr.text };
}

/** A folder with a program that waits, and says in a file that it began or that it lived to the end. */
function waiters(): {
  folder: string;
  wait: (seconds: number, name: string) => string;
  has: (name: string) => boolean;
} {
  const folder = tempDir();
  writeFileSync(
    join(folder, 'wait.cjs'),
    `const fs = require('node:fs'); const [, , s, name] = process.argv; fs.writeFileSync(name + '.begun', process.pid + '\\n');
     setTimeout(() => fs.writeFileSync(name + '.ended', ''), s * 1000);`,
  );
  return {
    folder,
    wait: (seconds, name) => `${process.execPath} wait.cjs ${seconds} ${name}`,
    has: (name) => existsSync(join(folder, name)),
  };
}

describe.runIf(process.platform === 'win32')('a script of cmd on Windows', () => {
  it('gives its exit code, as an i32, and both streams', async () => {
    expect(await finished('echo out& echo err 1>&2& exit 300')).toEqual({
      outcome: { kind: 'exited', code: 300 },
      stdout: 'out\r\n',
      stderr: 'err \r\n',
    });
    expect((await finished('exit -5')).outcome).toEqual({ kind: 'exited', code: -5 });
  });

  it('takes quotes as they are written', async () => {
    expect((await finished('echo "a b" \\"c')).stdout).toBe('"a b" \\"c\r\n');
    const folder = join(directory, 'with blanks');
    mkdirSync(folder);
    writeFileSync(join(folder, 'called.cmd'), '@echo called with %1 and %2\r\n@exit /b 4\r\n');
    expect(await finished(`"${join(folder, 'called.cmd')}" "one two" three`)).toEqual({
      outcome: { kind: 'exited', code: 4 },
      stdout: 'called with "one two" and three\r\n',
      stderr: '',
    });
  });

  it('runs all of its lines, as a batch file that goes with it', async () => {
    const lines = [
      'echo first',
      'for %%i in (2 3) do echo line %%i',
      'if "%ERRORLEVEL%"=="0" goto last',
      'echo left out',
      ':last',
      'dir /b "%~dp0"',
      'exit /b 7',
    ];
    for (const feed of ['\n', '\r\n'])
      expect(await finished(`${lines.join(feed)}${feed}`)).toEqual({
        outcome: { kind: 'exited', code: 7 },
        stdout: ['first', 'line 2', 'line 3', 'script.cmd', ''].join('\r\n'),
        stderr: '',
      });
    expect(readdirSync(join(directory, 'batch'))).toEqual([]);
  });

  it('is a batch file in the code page of the console, and in UTF-8 where that has not all its characters', async () => {
    expect((await finished('echo grün\necho 2 ½')).stdout).toBe('grün\r\n2 ½\r\n');
    // The cmd of wine reads any batch file in the one code page, so this is looked at, and run by the list for a real Windows.
    const { path } = new BatchFiles(join(directory, 'written')).write('echo 日本 ✓\r\n', ownSid());
    expect(readFileSync(path, 'utf8')).toBe('chcp 65001 >nul\r\necho 日本 ✓\r\n');
  });

  it('is refused with a NUL in it or in its directory, and not run up to there', async () => {
    const why = (what: string) => ({ kind: 'spawn-failed', why: `the ${what} contains a NUL character` });
    expect((await finished('echo half\0 of it')).outcome).toEqual(why('script'));
    expect((await finished('echo one line\necho half\0 of it')).outcome).toEqual(why('script'));
    expect((await finished('echo here', { cwd: `${directory}\0\\below` })).outcome).toEqual(why('working directory'));
  });

  it('with a line feed at its end only is no batch file', async () => {
    expect((await finished('for %i in (1 2) do @echo %i\r\n')).stdout).toBe('1\r\n2\r\n');
  });

  it('leaves no batch file behind when its agent has died', async () => {
    mkdirSync(join(directory, 'batch', 'left'), { recursive: true });
    writeFileSync(join(directory, 'batch', 'left', 'script.cmd'), '');
    await finished('echo next');
    expect(existsSync(join(directory, 'batch', 'left'))).toBe(false);
  });

  it('sees nothing of KANADE_* in any case, and its own marker', async () => {
    expect((await finished('set K', { marker: 'my-run' })).stdout).toBe('KTRAY_RUN=my-run\r\n');
  });

  it('runs in its directory, with ~ and %VAR% of its account (protocol §4.6)', async () => {
    expect((await finished('cd', { cwd: '%SystemRoot%\\system32' })).stdout.toLowerCase()).toMatch(/\\system32\r\n$/);
    expect((await finished('cd', { cwd: '~' })).stdout).toBe(`${process.env.USERPROFILE}\r\n`);
  });

  it('says why it could not be started', async () => {
    const whys = [finished('x', { cwd: 'C:\\nope' }), finished('x', { shell: 'sh' }), finished('x'.repeat(40_000))];
    expect((await Promise.all(whys)).map(({ outcome }) => outcome)).toEqual([
      { kind: 'spawn-failed', why: 'the working directory "C:\\nope" does not exist' },
      { kind: 'spawn-failed', why: 'the shell "sh" was not found on the PATH' },
      { kind: 'spawn-failed', why: 'the script is too long for the command line of "cmd"' },
    ]);
  });

  it('is ended with all of its tree', async () => {
    const { folder, wait, has } = waiters();
    const script = start(`start /b ${wait(600, 'child')} & ${wait(600, 'own')}`, { cwd: folder });
    const pids = await Promise.all(['child', 'own'].map((name) => pidFrom(folder, `${name}.begun`)));
    script.end('killed');
    expect((await script.done).outcome).toEqual({ kind: 'killed' });
    // Long before they would end by themselves.
    await eventually(() => expect(pids.filter(isAlive)).toEqual([]));
    expect([has('child.ended'), has('own.ended')]).toEqual([false, false]);
  });

  it('leaves its background behind when it ends by itself (D8)', async () => {
    const { folder, wait, has } = waiters();
    expect((await finished(`start /b ${wait(4, 'child')} & exit 0`, { cwd: folder })).outcome).toEqual({
      kind: 'exited',
      code: 0,
    });
    expect(has('child.ended')).toBe(false);
    await eventually(() => expect(has('child.ended')).toBe(true));
  });
});

function sinkOf(capture: Capture): (chunk: Buffer) => number {
  return (chunk) => {
    capture.push(chunk);
    return 0;
  };
}

describe.runIf(process.platform === 'win32')('a process with a token', () => {
  function launch(
    file: string,
    args: string,
    stdin: string | null,
  ): { launched: Launched; out: Capture; err: Capture } {
    const token = ownTokenIn(null);
    const [out, err] = [new Capture(), new Capture()];
    const started = startWithToken({
      token,
      file,
      commandLine: `"${file}" ${args}`,
      priority: 'below_normal',
      desktop: PERSONS_DESKTOP,
      prepare: (account) => ({
        environment: { ...account(), ADDED: 'yes' },
        directory: account().SystemRoot ?? null,
      }),
    });
    native().CloseHandle(token);
    const launched = launchedWithToken(started, {
      invocation: { file, args: [], stdin },
      runAs: 'user',
      cwd: null,
      marker: '',
      onStdout: sinkOf(out),
      onStderr: sinkOf(err),
    });
    return { launched, out, err };
  }

  it('has the environment, the directory, the streams and the exit code that it should', async () => {
    const cmd = join(process.env.SystemRoot ?? '', 'System32', 'cmd.exe');
    const { launched, out, err } = launch(cmd, '/C "cd& set ADDED& echo err 1>&2& exit 7"', null);
    expect(await launched.exited).toEqual({ kind: 'exited', code: 7 });
    await launched.drained;
    launched.release();
    expect([(await out.finish()).text.toLowerCase(), (await err.finish()).text]).toEqual([
      `${process.env.SystemRoot}\r\nadded=yes\r\n`.toLowerCase(),
      'err \r\n',
    ]);
  });

  it('reads its input, and ends when its job is ended', async () => {
    const args = `-e "process.stdin.on('data', (d) => console.log('got ' + d)); setTimeout(() => {}, 60000)"`;
    const { launched, out } = launch(process.execPath, args, 'input');
    await eventually(async () => expect((await out.finish()).text).toBe('got input\n'));
    await launched.killTree();
    expect(await launched.exited).toEqual({ kind: 'exited', code: 1 });
    await launched.drained;
    launched.release();
  });

  it('gets its environment from its account', () => {
    const token = ownTokenIn(null);
    expect(Object.keys(environmentOf(token)).map((name) => name.toUpperCase())).toContain('SYSTEMROOT');
    native().CloseHandle(token);
  });
});

describe.runIf(process.platform === 'win32')('who is signed in on Windows', () => {
  it('is told without an error, whoever asks', () => {
    expect(consoleSessionId()).toSatisfy((id) => id === null || typeof id === 'number');
    expect(signedIn()?.activeUser()?.name ?? null).toBe(userSession()?.user ?? null);
  });
});
