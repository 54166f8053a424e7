/**
 * What another account of the PC lays down before an installation, and holds on to during it. wine keeps owners and rights as those
 * of Unix: a stranger's is what another user owns, and what everybody may write is open to all.
 */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { nothingLeft, SHORTCUT } from './expected.ts';
import { current, GIVEN, Pc } from './pc.ts';
import { pcAndBroker } from './pc-and-broker.ts';

const here = pcAndBroker();
const { pc } = here;
const SOMEBODY = 12_345;
const HOME = 'C:\\ProgramData\\Kanade';
const CONFIG = `${HOME}\\config\\agent.toml`;
const SECRETS = 'SOFTWARE\\kanade\\agent';
const THEIRS = '[agent]\nid = "PC-X"\nnats_url = "nats://evil:4222"\n';
const servers = () => `/NATSURL=${here.broker.url}`;

afterEach(async () => {
  if (pc.currentVersion === null) return;
  expect((await pc.uninstall('/PURGE=1')).code).toBe(0);
  expect(await nothingLeft(pc)).toEqual([]);
  expect(pc.has(HOME)).toBe(false);
});

/** Whether nobody but us can change it; the Administrators are wine's group. */
function isOurs(windows: string): boolean {
  const { uid, mode } = statSync(pc.path(windows));
  return uid === 0 && (mode & 0o002) === 0;
}

function othersMay(windows: string): number {
  return statSync(pc.path(windows)).mode & 0o007;
}

function asSomebody(windows: string): void {
  chownSync(pc.path(windows), SOMEBODY, SOMEBODY);
}

/** Whether other accounts may read it, and so keep it open against us. */
function othersMayHold(windows: string): boolean {
  return (othersMay(windows) & 0o005) !== 0;
}

const programs = () => [
  pc.root,
  `${pc.root}\\versions`,
  `${pc.root}\\private`,
  ...['kanade-tray-agent.exe', 'hand-over.exe', 'uninstaller.exe'].map((name) => `${pc.root}\\private\\${name}`),
  ...['', '\\agent', '\\agent\\main.js', '\\agent\\node_modules', '\\node', '\\node\\node.exe'].map(
    (name) => `${pc.root}\\versions\\${current.version}${name}`,
  ),
];
// That they can read what they start is seen by src/setup/put-files.test.ts: wine knows of no group of users.
it('people can hold nothing open that the service or a set-up needs', async () => {
  expect((await pc.install(current, `${servers()} /NOSTART=1`)).code).toBe(0);
  for (const path of [...programs(), HOME, `${HOME}\\config`]) expect(othersMayHold(path), path).toBe(false);
  expect((await pc.install(current, '/MODE=tray')).code).toBe(0);
  for (const path of ['', '\\private', '\\versions', `\\versions\\${current.version}`])
    expect(othersMayHold(`${pc.root}${path}`), path).toBe(false);
  expect(othersMayHold(HOME)).toBe(false);
  expect((await pc.install(current, '/MODE=service /NOSTART=1')).code).toBe(0);
  for (const path of programs()) expect(othersMayHold(path), path).toBe(false);
});

it('while it is unpacked nobody can hold anything of it', async () => {
  const versions = pc.path(`${pc.root}\\versions`);
  const { ended } = pc.startInstall(current, `${servers()} /NOSTART=1`);
  await eventually(() => expect(existsSync(join(versions, '.staged'))).toBe(true), 60_000, 5);
  const { mode } = statSync(join(versions, '.staged'));
  expect((await ended).code).toBe(0);
  expect(mode & 0o007).toBe(0);
});

it('settings that somebody has laid down before are not used: they are moved away, and the directory is ours', async () => {
  pc.put(CONFIG, THEIRS);
  pc.put(`${HOME}\\config\\agent.toml.new`, '');
  for (const path of [CONFIG, `${HOME}\\config`, HOME]) asSomebody(path);
  expect((await pc.install(current, `${servers()} /NOSTART=1`)).code).toBe(0);
  expect(pc.setupLog).toMatch(/C:\\ProgramData\\Kanade belongs to S-1-\S+ who is no administrator; it is not used/);
  expect(pc.read(CONFIG)).not.toContain('evil');
  for (const path of [HOME, `${HOME}\\config`, CONFIG, `${HOME}\\data`, `${HOME}\\logs`])
    expect(isOurs(path), path).toBe(true);
  // Before the first byte of the log: it lies where nobody else could have put a link.
  const aside = readdirSync(pc.path('C:\\ProgramData')).find((name) => name.startsWith('Kanade.not-trusted-'));
  expect(pc.read(`C:\\ProgramData\\${aside}\\config\\agent.toml`)).toBe(THEIRS);
});

it('of directories of ours that others could write into only what is ours is used', async () => {
  pc.put(CONFIG, THEIRS);
  pc.put(`${HOME}\\data\\outbox\\ours.json`, '{}');
  pc.put(`${HOME}\\data\\outbox\\theirs.json`, '{}');
  for (const path of [HOME, `${HOME}\\config`, `${HOME}\\data`, `${HOME}\\data\\outbox`])
    chmodSync(pc.path(path), 0o777);
  const disguised = `${HOME}\\data\\outbox\\x.not-trusted-1.json`;
  pc.put(disguised, '{}');
  for (const path of [CONFIG, `${HOME}\\data\\outbox\\theirs.json`, disguised]) asSomebody(path);
  expect((await pc.install(current, `${servers()} /NOSTART=1`)).code).toBe(0);
  expect(pc.read(CONFIG)).not.toContain('evil');
  for (const path of [HOME, `${HOME}\\config`, `${HOME}\\data`, `${HOME}\\data\\outbox`])
    expect(isOurs(path), path).toBe(true);
  expect(pc.files(`${HOME}\\data\\outbox`)).toEqual([
    'ours.json',
    expect.stringContaining('theirs.json.not-trusted-'),
    expect.stringMatching(/^x\.not-trusted-1\.json\.not-trusted-[0-9a-f]{16}$/),
  ]);
});

it('a name without room for more holds up no installation', async () => {
  pc.put(`${HOME}\\data\\outbox\\ours.json`, '{}');
  const long = `${HOME}\\data\\outbox\\${'x'.repeat(240)}`;
  pc.put(long, '');
  asSomebody(long);
  expect((await pc.install(current, `${servers()} /NOSTART=1`)).code).toBe(0);
  expect(pc.files(`${HOME}\\data\\outbox`)).toEqual([
    'ours.json',
    expect.stringMatching(/^x{200}\.not-trusted-[0-9a-f]{16}$/),
  ]);
});

it('of the settings nothing can be read by others, also not a token that IT keeps beside them', async () => {
  const token = `${HOME}\\config\\token.txt`;
  pc.put(token, 'a-secret');
  expect(othersMay(token)).not.toBe(0);
  expect((await pc.install(current, `${servers()} /NOSTART=1`)).code).toBe(0);
  for (const path of [`${HOME}\\config`, CONFIG, token]) expect(othersMay(path), path).toBe(0);
  expect(pc.setupLog).toMatch(/token\.txt could be read by S-1-1-0 until now: a secret in it should be replaced/);
  expect((await pc.install(current, '/MODE=tray')).code).toBe(0);
  expect(othersMay(token)).toBe(0);
  expect((await pc.uninstall('/PURGE=1')).code).toBe(0);
  // What IT keeps there is not ours.
  expect(pc.files(HOME)).toEqual(['config\\token.txt']);
  rmSync(pc.path(HOME), { recursive: true });
});

it('settings beside the installer count only where the whole way is of administrators', async () => {
  const started = async (directory: string) => {
    pc.put(`${directory}\\pkg\\install.toml`, `[agent]\nnats_url = "${here.broker.url}"\n`);
    cpSync(current.file, pc.path(`${directory}\\pkg\\s.exe`));
    return (await pc.run(`${directory}\\pkg\\s.exe`, `/S /NOSTART=1 /LOG=C:\\beside.log`)).code;
  };
  // What root owns below it, the Administrators own for Windows; the way there is somebody's all the same.
  mkdirSync(pc.path('C:\\Theirs6'));
  chmodSync(pc.path('C:\\Theirs6'), 0o777);
  asSomebody('C:\\Theirs6');
  expect(await started('C:\\Theirs6')).toBe(3);
  expect(pc.read('C:\\beside.log')).toContain(
    'install.toml is not read, since it is not safe where it lies: C:\\Theirs6 belongs to',
  );
  expect(pc.currentVersion).toBeNull();
  expect(await started('C:\\OfIT')).toBe(0);
  expect(pc.read(CONFIG)).toContain(here.broker.url);
});

it('where nothing can be made safe it ends with 3, and a log says why', async () => {
  const { mode } = statSync(pc.path('C:\\ProgramData'));
  chmodSync(pc.path('C:\\ProgramData'), 0o777);
  try {
    expect((await pc.install(current, servers())).code).toBe(3);
    expect(pc.setupLog).toContain('C:\\ProgramData can be changed by');
    // One below ours can't be kept either.
    await pc.run(pc.installerOf(current), `/S /LOG=${HOME}\\logs\\mine.log ${servers()}`);
    expect(pc.has(`${HOME}\\logs\\mine.log`)).toBe(false);
    const logs = readdirSync(pc.path('C:\\users'), { recursive: true }).map(String);
    expect(logs).toContainEqual(expect.stringMatching(/kanade-tray-install-[\dT]+Z?-[0-9a-f]{8}\.log$/));
  } finally {
    chmodSync(pc.path('C:\\ProgramData'), mode & 0o777);
  }
  expect(await nothingLeft(pc)).toEqual([]);
});

it('/LOG where others could lead it elsewhere is not used, and where the log is, it says', async () => {
  mkdirSync(pc.path('C:\\LooseLogs'));
  chmodSync(pc.path('C:\\LooseLogs'), 0o777);
  const log = (path: string) => pc.run(pc.installerOf(current), `/S /NOSTART=1 /LOG=${path} ${servers()}`);
  expect((await log('C:\\LooseLogs\\setup.log')).code).toBe(0);
  expect(readdirSync(pc.path('C:\\LooseLogs'))).toEqual([]);
  const [ours = ''] = pc.files(`${HOME}\\logs`).filter((name) => name.startsWith('kanade-tray-install-'));
  expect(pc.read(`${HOME}\\logs\\${ours}`)).toContain('this log is not in C:\\LooseLogs\\setup.log, as /LOG says');
  expect((await log('C:\\ITLogs\\new\\setup.log')).code).toBe(0);
  expect(pc.read('C:\\ITLogs\\new\\setup.log')).toContain('ends with 0');
  expect(isOurs('C:\\ITLogs\\new')).toBe(true);
});

it('/LOG adds no line to a file that no set-up has made', async () => {
  const keys = pc.put('C:\\ProgramData\\ssh\\administrators_authorized_keys', 'of IT\n');
  const start = 'C:\\ProgramData\\StartUp\\start.bat';
  for (const file of [keys, start, pc.put('C:\\other.log', 'of IT\n')]) {
    const words = `/S /LOG=${file} "zz\n& calc.exe &\nssh-ed25519 AAAA"`;
    expect((await pc.run(pc.installerOf(current), words)).code).toBe(3);
  }
  expect(pc.read(keys)).toBe('of IT\n');
  expect(pc.read('C:\\other.log')).toBe('of IT\n');
  expect(pc.has(start)).toBe(false);
});

/** What takes the place of a program of ours, and would say so. */
function putTheirs(root: string): void {
  const version = `${root}\\versions\\${current.version}`;
  pc.put(`${version}\\agent\\setup.js`, "require('node:fs').writeFileSync('C:\\\\theirs-ran.txt', '');");
  mkdirSync(pc.path(`${version}\\node`), { recursive: true });
  cpSync(join(GIVEN.node, 'bin', 'node.exe'), pc.path(`${version}\\node\\node.exe`));
}

it('a purge that was not asked about as one is refused, and nothing is taken', async () => {
  expect((await pc.install(current, `${servers()} /NOSTART=1`)).code).toBe(0);
  // One word for the set-up, and none that NSIS knows.
  expect((await pc.uninstall('/PU"RGE"=1')).code).toBe(3);
  expect(pc.setupLog).toContain('/PURGE=1 was not understood by the uninstaller');
  expect(pc.has(CONFIG)).toBe(true);
  expect(pc.currentVersion).toBe(current.version);
});

it('whoever starts the uninstaller, with whatever words, it runs nothing of theirs', async () => {
  expect((await pc.install(current, `${servers()} /NOSTART=1`)).code).toBe(0);
  putTheirs('C:\\Theirs3');
  for (const name of ['uninstall.exe', 'private\\uninstaller.exe']) {
    mkdirSync(join(pc.path(`C:\\Theirs3\\${name}`), '..'), { recursive: true });
    cpSync(pc.path(`${pc.root}\\${name}`), pc.path(`C:\\Theirs3\\${name}`));
  }
  expect((await pc.run('C:\\Theirs3\\private\\uninstaller.exe', '/S /FROM=C:\\Theirs3')).code).toBe(1603);
  asSomebody('C:\\Theirs3');
  expect((await pc.run('C:\\Theirs3\\uninstall.exe', '/S')).code).toBe(1603);
  expect(pc.currentVersion).toBe(current.version);
  expect((await pc.run(`${pc.root}\\uninstall.exe`, '/S /PURGE=1 /FROM=C:\\Theirs3')).code).toBe(0);
  expect(pc.currentVersion).toBeNull();
  expect(pc.has('C:\\theirs-ran.txt')).toBe(false);
});

/** A program that would say that it has run. */
function putTheirProgram(windows: string): void {
  const source = pc.put(
    'C:\\theirs-ran.c',
    '#include <windows.h>\nint WINAPI wWinMain(HINSTANCE i, HINSTANCE p, PWSTR c, int s) { (void)i, (void)p, (void)c, (void)s; return !CreateDirectoryW(L"C:\\\\theirs-ran", NULL); }',
  );
  mkdirSync(join(pc.path(windows), '..'), { recursive: true });
  execFileSync('x86_64-w64-mingw32-gcc', ['-municode', '-mwindows', '-o', pc.path(windows), pc.path(source)]);
}

it('a copy of uninstall.exe runs nothing that lies beside it, also where owner and access list are as ours', async () => {
  expect((await pc.install(current, `${servers()} /NOSTART=1`)).code).toBe(0);
  // As on a disk, or a server, of which somebody else has said whose it is.
  const theirs = 'C:\\Theirs7\\Kanade Tray';
  putTheirProgram(`${theirs}\\private\\uninstaller.exe`);
  for (const name of ['uninstall.exe', 'private\\uninstall.exe']) {
    cpSync(pc.path(`${pc.root}\\uninstall.exe`), pc.path(`${theirs}\\${name}`));
    expect((await pc.run(`${theirs}\\${name}`, '/S')).code).toBe(1603);
  }
  expect(pc.has('C:\\theirs-ran')).toBe(false);
  expect(readdirSync(pc.path('C:\\Theirs7'))).toEqual(['Kanade Tray']);
  expect(pc.currentVersion).toBe(current.version);
});

it('uninstall.exe, started through a link of somebody, goes on by no path that leads through it', async () => {
  expect((await pc.install(current, `${servers()} /NOSTART=1`)).code).toBe(0);
  mkdirSync(pc.path('C:\\Theirs8'));
  // Relative: wine sees the disk of the PC elsewhere than we do.
  symlinkSync('../Program Files', pc.path('C:\\Theirs8\\link'));
  expect((await pc.run('C:\\Theirs8\\link\\Kanade Tray\\uninstall.exe', `/S /PURGE=1 /LOG=${Pc.LOG}`)).code).toBe(0);
  expect(pc.setupLog).toContain(`uninstall, in ${pc.root}`);
  expect(await nothingLeft(pc)).toEqual([]);
});

it('what a person has put into their environment does not reach the set-up', async () => {
  pc.put('C:\\obeyed.js', "require('node:fs').writeFileSync('C:\\\\obeyed.txt', '');");
  pc.put('C:\\People\\taro\\diary.txt', 'mine');
  const theirs = [
    'NODE_OPTIONS=--require=C:\\obeyed.js',
    'NODE_REDIRECT_WARNINGS=C:\\obeyed.txt',
    'NODE_PENDING_DEPRECATION=1',
    'KANADE_AGENT_DATA_DIR=C:\\People',
    'KANADE_AGENT_CONFIG=C:\\People\\taro\\diary.txt',
    'ProgramData=C:\\People',
  ];
  const withVariables = (line: string) => {
    pc.put('C:\\start.cmd', [...theirs.map((each) => `set "${each}"`), line, 'exit /b %ERRORLEVEL%'].join('\r\n'));
    return pc.run('C:\\windows\\system32\\cmd.exe', '/C C:\\start.cmd');
  };
  const installer = pc.installerOf(current);
  expect((await withVariables(`start /wait "" "${installer}" /S /NOSTART=1 ${servers()}`)).code).toBe(0);
  expect(pc.currentVersion).toBe(current.version);
  expect(pc.has('C:\\ProgramData\\Kanade\\config\\agent.toml')).toBe(true);
  expect((await withVariables(`start /wait "" "${pc.root}\\uninstall.exe" /S /PURGE=1`)).code).toBe(0);
  expect(pc.has('C:\\obeyed.txt')).toBe(false);
  expect(pc.files('C:\\People')).toEqual(['taro\\diary.txt']);
  expect(pc.read('C:\\People\\taro\\diary.txt')).toBe('mine');
});

it('what a variable is called makes the set-up load nothing', async () => {
  const source = pc.put(
    'C:\\theirs.c',
    '#include <windows.h>\nBOOL WINAPI DllMain(HINSTANCE i, DWORD r, void *x) { (void)i, (void)r, (void)x; return CreateDirectoryW(L"C:\\\\loaded", NULL); }',
  );
  execFileSync('x86_64-w64-mingw32-gcc', ['-shared', '-o', pc.path('C:\\theirs.dll'), pc.path(source)]);
  const env = Object.fromEntries(
    ['")#C:\\theirs.dll::f(w"', '`', "'", '"', '")', '") p .r7 ?e#', '|TEMP|"'].map((name) => [name, '1']),
  );
  expect((await pc.install(current, `${servers()} /NOSTART=1`, { env })).code).toBe(0);
  expect((await pc.uninstall('/PURGE=1', { env })).code).toBe(0);
  expect(pc.has('C:\\loaded')).toBe(false);
});

it('a link beside a copy of the uninstaller is neither written nor deleted through', async () => {
  expect((await pc.install(current, `${servers()} /NOSTART=1`)).code).toBe(0);
  pc.put('C:\\precious.txt', 'mine');
  for (const name of ['C:\\Theirs4\\uninstaller.exe', 'C:\\Theirs4\\keep']) pc.put(name, '');
  cpSync(pc.path(`${pc.root}\\private\\uninstaller.exe`), pc.path('C:\\Theirs4\\uninstaller.exe'));
  // Relative: wine sees the disk of the PC elsewhere than we do.
  symlinkSync('../precious.txt', pc.path('C:\\Theirs4\\command-line.txt'));
  expect((await pc.run('C:\\Theirs4\\uninstaller.exe', `/S /PURGE=1 /FROM="${pc.root}"`)).code).toBe(0);
  expect(pc.read('C:\\precious.txt')).toBe('mine');
  expect(readdirSync(pc.path('C:\\Theirs4')).sort()).toEqual(['command-line.txt', 'keep', 'uninstaller.exe']);
  expect(await nothingLeft(pc)).toEqual([]);
});

it('/D below a directory that others can exchange is refused with 3, and nothing is written there', async () => {
  mkdirSync(pc.path('C:\\Loose'));
  chmodSync(pc.path('C:\\Loose'), 0o777);
  expect((await pc.install(current, `${servers()} /D=C:\\Loose\\Tray`)).code).toBe(3);
  expect(pc.setupLog).toContain('C:\\Loose can be changed by');
  expect(readdirSync(pc.path('C:\\Loose'))).toEqual([]);
  expect(existsSync(pc.path('C:\\Program Files\\Kanade Tray.setup'))).toBe(false);
  expect(await nothingLeft(pc)).toEqual([]);
});

it('/D that somebody else owns is refused with 3, or emptied and made again before the first byte', async () => {
  const theirs = ['bin\\Kanade Tray.exe', 'versions\\.setup\\node\\node.exe'];
  for (const name of theirs) pc.put(`C:\\Theirs\\${name}`, 'evil');
  asSomebody('C:\\Theirs');
  expect((await pc.install(current, `${servers()} /D=C:\\Theirs`)).code).toBe(3);
  expect(pc.setupLog).toContain('C:\\Theirs belongs to');
  expect(pc.files('C:\\Theirs')).toEqual(theirs);
  expect(pc.has(SHORTCUT)).toBe(false);
  mkdirSync(pc.path('C:\\Empty'));
  chmodSync(pc.path('C:\\Empty'), 0o777);
  expect((await pc.install(current, `${servers()} /NOSTART=1 /D=C:\\Empty`)).code).toBe(0);
  for (const path of ['C:\\Empty', 'C:\\Empty\\versions', 'C:\\Empty\\bin']) expect(isOurs(path), path).toBe(true);
  expect((await pc.run('C:\\Empty\\uninstall.exe', '/S /PURGE=1')).code).toBe(0);
});

it('a refused installation leads nobody to the programs of somebody else', async () => {
  expect((await pc.install(current, `${servers()} /NOSTART=1`)).code).toBe(0);
  const before = pc.bytes(SHORTCUT);
  expect(before.length).toBeGreaterThan(0);
  pc.put('C:\\Theirs5\\bin\\Kanade Tray.exe', 'evil');
  asSomebody('C:\\Theirs5');
  expect((await pc.install(current, `${servers()} /D=C:\\Theirs5`)).code).toBe(3);
  expect(pc.bytes(SHORTCUT)).toEqual(before);
});

it('a name that any user can take holds up no installation', async () => {
  // Its modules: an installation.
  expect((await pc.install(current, `${servers()} /NOSTART=1`)).code).toBe(0);
  const modules = `${pc.root}\\versions\\${current.version}\\agent\\node_modules\\koffi`;
  const holder = pc.put(
    'C:\\mutex.cjs',
    `const { existsSync, writeFileSync } = require('node:fs');
     const make = require(${JSON.stringify(modules)}).load('kernel32.dll').func('intptr_t __stdcall CreateMutexW(void *a, int o, str16 n)');
     writeFileSync('C:\\\\held', String(make(null, 1, 'Global\\\\KanadeTraySetup')));
     setInterval(() => existsSync('C:\\\\let-go') && process.exit(0), 100);`,
  );
  const holding = pc.start('Z:\\node\\bin\\node.exe', holder);
  await eventually(() => expect(pc.has('C:\\held')).toBe(true), 20_000);
  expect((await pc.install(current, '/NOSTART=1')).code).toBe(0);
  pc.put('C:\\let-go', '');
  await holding.ended;
});

it('the keys that a group policy fills are there after every installation, empty', async () => {
  expect((await pc.install(current, '/SYSPREP=1')).code).toBe(0);
  expect(await pc.registry(SECRETS)).toEqual({});
  expect(await pc.registry('SOFTWARE\\Policies\\Kanade Tray')).toEqual({});
});

it('a purge follows no link in the profile of a person', async () => {
  expect((await pc.install(current, `${servers()} /NOSTART=1`)).code).toBe(0);
  pc.put('C:\\Elsewhere\\Kanade Tray\\precious', 'mine');
  mkdirSync(pc.path('C:\\users\\somebody\\AppData'), { recursive: true });
  // Relative: wine sees the disk of the PC elsewhere than we do.
  symlinkSync('../../../Elsewhere', pc.path('C:\\users\\somebody\\AppData\\Roaming'));
  pc.put('C:\\users\\somebody\\AppData\\Local\\Kanade Tray\\logs\\a.log', '');
  expect((await pc.uninstall('/PURGE=1')).code).toBe(0);
  expect(readFileSync(pc.path('C:\\Elsewhere\\Kanade Tray\\precious'), 'utf8')).toBe('mine');
  expect(pc.has('C:\\users\\somebody\\AppData\\Local\\Kanade Tray')).toBe(false);
});
