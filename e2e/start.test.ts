/** `npm start` as a newcomer has it: its options, its window, its end. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseStartOptions, USAGE, usableName } from '../scripts/lib/start-options.ts';
import { until } from '../scripts/lib/waiting.ts';
import { browserCommand } from '../scripts/lib/window-page.ts';
import { noDisplay, startDisplay } from '../test/support/display.ts';
import { noElectron } from '../test/support/electron.ts';
import { command, countStored, provisionedOperator, publishCommand, waitForResult } from '../test/support/fleet.ts';
import { startNatsServer } from '../test/support/nats-server.ts';
import { tempDir } from '../test/support/temp.ts';

const START = fileURLToPath(new URL('../scripts/start.ts', import.meta.url));
/** A day of work comes before the last of it. */
const SAYS_MS = 120_000;
const hasUpdates = process.platform === 'linux' && process.arch === 'x64';
const OUTCOMES = hasUpdates ? 21 : 19;

/** `npm start -- …` with a temporary directory of its own, so that what is left behind shows. */
function start(...args: string[]) {
  return startWith({}, ...args);
}

function startWith(more: Readonly<Record<string, string>>, ...args: string[]) {
  const temporary = join(tempDir(), 't');
  mkdirSync(temporary);
  const child = spawn(process.execPath, [START, ...args], {
    env: { ...process.env, TMPDIR: temporary, TEMP: temporary, BROWSER: 'none', KANADE_TRAY_ELECTRON: 'none', ...more },
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
    for (const pid of processesIn(temporary)) process.kill(pid, 'SIGKILL');
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text));
  return {
    signal: (name: NodeJS.Signals) => child.kill(name),
    /** The process id of a program that works in the temporary directory. */
    processOf: (program: string) => {
      const pid = processesIn(temporary, program)[0];
      if (pid === undefined) throw new Error(`no ${program} runs`);
      return pid;
    },
    /** Resolves once the output holds the text. */
    said: async (text: string) => {
      const said = () => {
        if (!output.includes(text) && child.exitCode !== null)
          throw new Error(`it ended with ${child.exitCode}:\n${output}`);
        return output.includes(text);
      };
      await until(`it says "${text}"`, said, { timeoutMs: SAYS_MS });
      return output;
    },
    ended: async () => {
      if (child.exitCode === null) await once(child, 'close');
      return { code: child.exitCode, output, left: readdirSync(temporary).filter(isOurs) };
    },
  };
}

/** Linux only; none elsewhere. */
function processesIn(directory: string, program = ''): number[] {
  const pids = process.platform === 'linux' ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : [];
  const lines = pids.map((pid) => ({ pid: Number(pid), line: commandLine(pid) }));
  return lines.filter(({ line }) => line.includes(directory) && line.includes(program)).map(({ pid }) => pid);
}

/** The compiler cache of a build that a start may do is not. */
function isOurs(name: string): boolean {
  return name.startsWith('kanade-tray');
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

async function listens(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

function brokerUrl(output: string): string {
  return /nats:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0] ?? 'nats://none';
}

describe('npm start', () => {
  test('--once plays the whole day, every outcome as expected, and leaves nothing behind', {
    timeout: 240_000,
  }, async () => {
    const { code, output, left } = await start('--once').ended();
    expect(output).toContain(`The day is over: ${OUTCOMES} of ${OUTCOMES} outcomes as expected.`);
    if (hasUpdates) {
      expect(output).toMatch(/✓ Update of the server +done: server-1 has gone from \S+ to \S+ by itself/);
      expect(output).toMatch(/✓ Update that does not start +taken back: \S+ did not start, \S+ runs again/);
    }
    expect({ code, left }).toEqual({ code: 0, left: [] });
    expect(await listens(brokerUrl(output))).toBe(false);
  });

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s in the middle of the day ends broker and agent and leaves nothing behind',
    async (name) => {
      const run = start();
      const url = brokerUrl(await run.said('Good morning message'));
      expect(await listens(url)).toBe(true);
      run.signal(name);
      const { code, left } = await run.ended();
      expect({ code, left, listens: await listens(url) }).toEqual({ code: 0, left: [], listens: false });
    },
  );

  test('serves the window at the address that it prints, once', async () => {
    const run = start();
    const output = await run.said('To join a real fleet instead: npm start -- --server');
    const address = /The window: (\S+)/.exec(output)?.[1] ?? '';
    const visit = await fetch(address, { redirect: 'manual' });
    const cookie = (visit.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const page = await fetch(new URL('/', address), { headers: { cookie } });
    expect(await page.text()).toContain('<title>Kanade Tray</title>');
    await run.said('To open the window once more: http://127.0.0.1:');
    expect((await fetch(address, { redirect: 'manual' })).status).toBe(403);
    run.signal('SIGINT');
    const { code, left } = await run.ended();
    expect({ code, left }).toEqual({ code: 0, left: [] });
    await expect(fetch(address)).rejects.toThrow();
  });

  test.skipIf(noElectron !== null || noDisplay !== null)(
    'is the tray application where there is Electron and a screen, and leaves nothing behind',
    { timeout: 240_000 },
    async () => {
      const { env } = await startDisplay();
      const run = startWith({ ...env, KANADE_TRAY_ELECTRON: 'test' });
      await run.said('The window is open, and the icon is in the notification area.');
      const output = await run.said('The day is over:');
      expect(output).toContain(`${OUTCOMES} of ${OUTCOMES} outcomes as expected.`);
      run.signal('SIGINT');
      const { code, left } = await run.ended();
      expect({ code, left }).toEqual({ code: 0, left: [] });
    },
  );

  test.runIf(process.platform === 'linux')('a broker that ends unasked ends the rest, with a sentence', async () => {
    const run = start();
    await run.said('Good morning message');
    process.kill(run.processOf('nats-server'), 'SIGKILL');
    const { code, output, left } = await run.ended();
    expect(output).toContain('The broker ended, so this ends too.');
    expect({ code, left }).toEqual({ code: 1, left: [] });
  });
});

describe('npm start -- --server', () => {
  async function joined() {
    const server = await startNatsServer({ config: 'authorization { token: "s3cret" }' });
    const nc = await provisionedOperator(server, { token: 's3cret' });
    await publishCommand(nc, 'commands.all', command({ request_id: 'before' }));
    const tokenFile = join(tempDir(), 'token');
    writeFileSync(tokenFile, 's3cret\n');
    const heartbeats = nc.subscribe('heartbeat.PC-1');
    const run = start('--server', server.url, '--id', 'PC-1', '--token-file', tokenFile);
    for await (const _ of heartbeats) break;
    return { server, nc, run };
  }

  test.skipIf(process.platform === 'win32')(
    'joins a fleet and runs what is sent from then on, nothing from before',
    async () => {
      const { server, nc, run } = await joined();
      await publishCommand(nc, 'commands.pc.PC-1', command({ request_id: 'after' }));
      expect(await waitForResult(nc, 'after')).toMatchObject({ pc_id: 'PC-1', exit_code: 0 });
      run.signal('SIGINT');
      const { code, output, left } = await run.ended();
      expect(output).toContain(`takes part in the fleet at ${server.url} as "PC-1"`);
      expect({ code, left }).toEqual({ code: 0, left: [] });
      expect(await countStored(nc, 'RESULTS', 'results.>')).toBe(1);
    },
  );

  test('told to end as soon as it is on the air, ends and leaves nothing behind', async () => {
    const { run } = await joined();
    run.signal('SIGINT');
    const { code, left } = await run.ended();
    expect({ code, left }).toEqual({ code: 0, left: [] });
  });

  test('says that the sign-in was refused, and what to do', async () => {
    const server = await startNatsServer({ config: 'authorization { token: "s3cret" }' });
    const tokenFile = join(tempDir(), 'token');
    writeFileSync(tokenFile, 'old');
    const refused = await start('--server', server.url, '--token-file', tokenFile, '--id', 'PC-1').ended();
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(
      /^127\.0\.0\.1:\d+ refused the sign-in: ask your IT department .*token holds is still valid\.$/m,
    );
    const none = await start('--server', server.url, '--id', 'PC-1').ended();
    expect(none.output).toMatch(/^127\.0\.0\.1:\d+ wants a sign-in: add --token-file F/m);
  });

  test('says that nothing answers, and what to do', async () => {
    const server = await startNatsServer();
    await server.stop();
    const { code, output, left } = await start('--server', server.url, '--id', 'PC-1').ended();
    expect(output).toMatch(/^Nothing answers at 127\.0\.0\.1:\d+: check name and port of --server; .*$/m);
    expect({ code, left }).toEqual({ code: 1, left: [] });
  });
});

describe('the browser that the window opens in', () => {
  test.each([
    [{ DISPLAY: ':0' }, 'linux', ['xdg-open']],
    [{ WAYLAND_DISPLAY: 'wayland-0' }, 'linux', ['xdg-open']],
    [{}, 'linux', null],
    [{ BROWSER: 'none', DISPLAY: ':0' }, 'linux', null],
    [{ BROWSER: 'firefox' }, 'linux', ['firefox']],
    [{}, 'darwin', ['open']],
    [{}, 'win32', ['rundll32.exe', 'url.dll,FileProtocolHandler']],
  ] as const)('with %j on %s is %j', (env, platform, command) => {
    expect(browserCommand(env, platform)).toEqual(command);
  });
});

describe('the options of npm start', () => {
  const parse = (...args: string[]) => parseStartOptions(args, 'office-7');

  test('are a fleet of its own without any', () => {
    expect(parse()).toEqual({ mode: 'fleet', id: 'office-7', once: false });
    expect(parse('--once', '--id', 'x')).toEqual({ mode: 'fleet', id: 'x', once: true });
  });

  test('are shown to who asks for them, which is no mistake', async () => {
    const start = join(import.meta.dirname, '..', 'scripts', 'start.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [start, '--help']);
    expect(stdout).toBe(`${USAGE}\n`);
  });

  test('join with the computer’s name and the sign-in that is named', () => {
    const file = join(tempDir(), 'secret');
    writeFileSync(file, 'x');
    const server = 'nats://a:4222,tls://b:4222';
    const join1 = (...more: string[]) => parse('--server', server, ...more);
    expect(join1()).toEqual({ mode: 'join', id: 'office-7', server, signIn: { kind: 'none' } });
    expect(join1('--token-file', file)).toMatchObject({ signIn: { kind: 'token', file } });
    expect(join1('--creds', file)).toMatchObject({ signIn: { kind: 'creds', file } });
    expect(join1('--user', 'u', '--password-file', file)).toMatchObject({ signIn: { kind: 'user', user: 'u', file } });
  });

  test.each([
    [['--server', 'host:4222'], /"host:4222" is not the address of a server: it looks like nats:\/\/host:4222/],
    [['--server', 'http://a'], /"http:\/\/a" is not the address/],
    [['--id', 'a b'], /The id "a b" cannot be the name of a PC .*: try --id a-b/],
    [['--id', 'a.b.c.d.e'], /try --id a\.b\.c\.d$/],
    [['--id', 'x'.repeat(65)], /cannot be the name of a PC/],
    [['--server', 'nats://a', '--user', 'u'], /--user and --password-file go together/],
    [['--server', 'nats://a', '--creds', '/no/such'], /\/no\/such cannot be read \(ENOENT\)/],
    [['--token-file', START], /A sign-in needs a server/],
    [['--server', 'nats://a', '--token-file', START, '--creds', START], /One way to sign in is enough/],
    [['--server', 'nats://a', '--once'], /--once is for the fleet on this machine/],
    [['--sever', 'nats://a'], /--sever.*\n(.*\n)*npm start/],
  ])('%j are refused in a sentence', (args, sentence) => {
    expect(() => parse(...args)).toThrow(sentence);
  });

  test('propose a name where the computer’s own does not fit', () => {
    expect(parseStartOptions([], 'Büro PC (2)')).toMatchObject({ id: 'B-ro-PC-2' });
    expect(() => parseStartOptions(['--server', 'nats://a'], 'Büro PC (2)')).toThrow(
      /The name of this computer, "Büro PC \(2\)", cannot be .*: try --id B-ro-PC-2/,
    );
    expect(usableName('…')).toBe('my-pc');
  });
});
