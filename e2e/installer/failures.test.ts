/** What goes wrong during an installation: the exit code says it, and the PC is as it was before. */
import { rmSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { provisionedOperator } from '../../test/support/fleet.ts';
import { HAND_OVER, installed, nothingLeft } from './expected.ts';
import { broken, current, next } from './pc.ts';
import { pcAndBroker } from './pc-and-broker.ts';

const here = pcAndBroker();
const { pc } = here;
const servers = () => `/NATSURL=${here.broker.url}`;

/** As when the power goes while a set-up is handed over. */
async function leaveHandOver(): Promise<void> {
  expect((await pc.run('sc.exe', `create ${HAND_OVER} binPath= C:\\gone.exe`)).code).toBe(0);
}

describe('where nothing was installed before', () => {
  it('a disk that is full ends it with 1603, and nothing of it stays', async () => {
    await pc.withSmallDisk(120, async () => {
      expect((await pc.install(current, servers())).code).toBe(1603);
      expect(pc.files(pc.root)).toEqual([]);
      expect(await pc.serviceState()).toBe('ABSENT');
    });
  });

  it('an agent that ends at once ends it with 6; the next installation puts it right', async () => {
    expect((await pc.install(broken, servers())).code).toBe(6);
    expect(pc.setupLog).toContain('the agent has ended again');
    expect(pc.currentVersion).toBe(broken.version);
    expect((await pc.uninstall('/PURGE=1')).code).toBe(0);
    expect(await nothingLeft(pc)).toEqual([]);
  });

  it('another installation that runs ends it with 1618', async () => {
    // Long enough to be met: it waits for a server that is not there.
    const first = pc.startInstall(current, '/NATSURL=nats://127.0.0.1:9 /CHECK=strict');
    await eventually(() => expect(pc.setupLog).toContain('starting the agent'), 30_000, 50);
    expect((await pc.install(current, servers())).code).toBe(1618);
    expect((await first.ended).code).toBe(5);
    expect((await pc.uninstall('/PURGE=1')).code).toBe(0);
  });

  it.each([
    ['while it unpacks', `\\versions\\.staged`],
    ['while it sets up', `\\current.json`],
  ])('power that goes %s leaves nothing that the same installation does not put right', async (_when, sign) => {
    void pc.startInstall(current, servers()).ended.catch(() => {});
    await eventually(() => expect(pc.has(`${pc.root}${sign}`)).toBe(true), 30_000, 5);
    await pc.powerOff();
    expect((await pc.install(current, servers())).code).toBe(0);
    expect(await installed(pc, current)).toEqual([]);
    await leaveHandOver();
    expect((await pc.uninstall('/PURGE=1')).code).toBe(0);
    expect(await nothingLeft(pc)).toEqual([]);
    expect(await pc.serviceState(HAND_OVER)).toBe('ABSENT');
  });
});

describe('on a disk with room for one version', () => {
  it('an upgrade ends with 1603, and the version before works as it did', async () => {
    await pc.withSmallDisk(560, async () => {
      expect((await pc.install(current, servers())).code).toBe(0);
      expect((await pc.install(next)).code).toBe(1603);
      expect(await installed(pc, current)).toEqual([]);
      expect((await pc.uninstall('/PURGE=1')).code).toBe(0);
    });
  });
});

describe('over an installation that works', () => {
  beforeAll(async () => {
    expect((await pc.install(current, servers())).code).toBe(0);
  });

  it('a version whose agent does not start is taken back: 1603, and the one before works', async () => {
    await provisionedOperator(here.broker);
    expect((await pc.install(broken)).code).toBe(1603);
    expect(pc.setupLog).toContain(`${broken.version} does not start; ${current.version} is back`);
    expect(await installed(pc, current)).toEqual([]);
    expect(pc.versions).toEqual([current.version]);
  });

  it('an agent that hangs does not hold up the upgrade: it is ended after its time', async () => {
    for (const pid of pc.processes('--service --control')) process.kill(pid, 'SIGSTOP');
    expect((await pc.install(next)).code).toBe(0);
    expect(pc.setupLog).toContain('the service does not stop; ending its programs');
    expect(await installed(pc, next)).toEqual([]);
    expect((await pc.install(current, '/ALLOWDOWNGRADE=1')).code).toBe(0);
    expect(await installed(pc, current)).toEqual([]);
  });

  it('a file that somebody keeps locked ends it with 1603, or not at all', async () => {
    const locked = `${pc.root}\\private\\kanade-tray-agent.exe`;
    const holder = pc.put('C:\\hold.cjs', holdingScript([locked], `${pc.root}\\versions\\${current.version}\\agent`));
    const holding = pc.start('Z:\\node\\bin\\node.exe', holder);
    await eventually(() => expect(pc.has('C:\\held')).toBe(true), 20_000);
    // The host of the service is another one in each version, and must be replaced.
    expect((await pc.install(next)).code).toBe(1603);
    expect(await installed(pc, current)).toEqual([]);
    pc.put('C:\\let-go', '');
    await holding.ended;
    expect((await pc.install(next)).code).toBe(0);
    expect(await installed(pc, next)).toEqual([]);
  });

  it('what people may hold open, and hold, keeps no upgrade: the one before stays, and it is said', async () => {
    expect((await pc.install(current, '/ALLOWDOWNGRADE=1')).code).toBe(0);
    const [starter, shown] = [`${pc.root}\\bin\\Kanade Tray.exe`, `${pc.root}\\current.json`];
    const before = pc.bytes(starter);
    for (const name of ['C:\\held', 'C:\\let-go']) rmSync(pc.path(name), { force: true });
    const modules = `${pc.root}\\versions\\${current.version}\\agent`;
    const holder = pc.put('C:\\hold.cjs', holdingScript([starter, shown], modules));
    const holding = pc.start('Z:\\node\\bin\\node.exe', holder);
    await eventually(() => expect(pc.has('C:\\held')).toBe(true), 20_000);
    expect((await pc.install(next)).code).toBe(0);
    for (const name of [starter, shown]) expect(pc.setupLog).toContain(`note: ${name} stays as it was`);
    expect(pc.bytes(starter)).toEqual(before);
    expect(pc.currentVersion).toBe(next.version);
    pc.put('C:\\let-go', '');
    await holding.ended;
    expect((await pc.install(next)).code).toBe(0);
    expect(await installed(pc, next)).toEqual([]);
  });

  it('power that goes in the middle of an upgrade leaves the old version or the new one, never none', async () => {
    void pc.startInstall(broken).ended.catch(() => {});
    await eventually(() => expect(pc.setupLog).toContain('stopping the agent'), 30_000, 5);
    await pc.powerOff();
    expect([next.version, broken.version]).toContain(pc.currentVersion);
    await leaveHandOver();
    expect((await pc.install(next, '/ALLOWDOWNGRADE=1')).code).toBe(0);
    expect(await installed(pc, next)).toEqual([]);
    expect(await pc.serviceState(HAND_OVER)).toBe('ABSENT');
  });
});

/** Opens a file so that nobody else may move or delete it. */
function holdingScript(files: readonly string[], modules: string): string {
  return `
    const { existsSync, writeFileSync } = require('node:fs');
    const koffi = require(${JSON.stringify(`${modules}\\node_modules\\koffi`)});
    const open = koffi.load('kernel32.dll').func('intptr_t __stdcall CreateFileW(str16 n, uint32_t a, uint32_t s, void *x, uint32_t d, uint32_t f, intptr_t t)');
    const opened = ${JSON.stringify(files)}.map((file) => open(file, 0x80000000, 1, null, 3, 0x80, 0));
    writeFileSync('C:\\\\held', opened.join());
    const timer = setInterval(() => existsSync('C:\\\\let-go') && process.exit(0), 100);
  `;
}
