/** Who starts the genuine installer, and with what words: of a person who can have it elevated, or a command of the fleet. */
import { chownSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { installed, nothingLeft } from './expected.ts';
import { current, GIVEN, next } from './pc.ts';
import { pcAndBroker } from './pc-and-broker.ts';

const here = pcAndBroker();
const { pc } = here;
const SOMEBODY = 12_345;
const CONFIG = 'C:\\ProgramData\\Kanade\\config\\agent.toml';
const servers = () => `/NATSURL=${here.broker.url}`;

afterEach(async () => {
  if (pc.currentVersion === null) return;
  expect((await pc.uninstall('/PURGE=1')).code).toBe(0);
  expect(await nothingLeft(pc)).toEqual([]);
});

/** Starts the installer from a program that is called as the agent's own is. */
async function startedBy(directory: string, parameters: string): Promise<{ readonly code: number | null }> {
  const agent = `${directory}\\kanade-tray-agent.exe`;
  mkdirSync(pc.path(directory), { recursive: true });
  if (!pc.has(agent)) cpSync(join(GIVEN.node, 'bin', 'node.exe'), pc.path(agent));
  const start = `const { spawnSync } = require('node:child_process');
    const how = { windowsVerbatimArguments: true };
    process.exitCode = spawnSync(${JSON.stringify(pc.installerOf(current))}, [${JSON.stringify(`/S /LOG=C:\\setup.log ${parameters}`)}], how).status;`;
  return pc.run(agent, pc.put('C:\\start-installer.cjs', start));
}

it('a person at the screen is asked before a PC that is set up gets another broker; nothing is done before', async () => {
  expect((await pc.install(current, `${servers()} /NOSTART=1`)).code).toBe(0);
  const before = pc.read(CONFIG);
  const version = `${pc.root}\\versions\\${current.version}`;
  writeFileSync(pc.path('C:\\words.txt'), 'setup.exe /NATSURL=nats://evil:4222 /LOG=C:\\setup.log', 'utf16le');
  const asked = `"${version}\\agent\\setup.js" install --asks --root "${pc.root}" --staged C:\\none --command-line C:\\words.txt --message C:\\message.txt`;
  expect((await pc.run(`${version}\\node\\node.exe`, asked)).code).toBe(251);
  expect(readFileSync(pc.path('C:\\message.txt'), 'utf16le')).toContain(
    `agent.nats_url: ${here.broker.url} → nats://evil:4222`,
  );
  expect(pc.read(CONFIG)).toBe(before);
});

it('with a person at the screen nothing that the words name is opened on another computer', async () => {
  expect((await pc.install(current, `${servers()} /NOSTART=1`)).code).toBe(0);
  const version = `${pc.root}\\versions\\${current.version}`;
  const asked = (words: string, how = '--asks') => {
    writeFileSync(pc.path('C:\\words.txt'), `setup.exe ${words}`, 'utf16le');
    const task = `install ${how} --root "${pc.root}" --staged C:\\none --command-line C:\\words.txt --message C:\\message.txt`;
    return pc.run(`${version}\\node\\node.exe`, `"${version}\\agent\\setup.js" ${task}`);
  };
  const theirs = '\\\\kt-nowhere.invalid\\share';
  for (const name of ['CONFIG', 'KEYS', 'TOKENFILE']) {
    const { code, output } = await asked(`/${name}=${theirs}\\a.txt /LOG=C:\\setup.log`);
    expect(code).toBe(3);
    expect(output).toContain(`/${name}: ${theirs}\\a.txt is not on a drive of this PC`);
  }
  // Also as the service that goes on with their words.
  for (const how of ['--asks', '--agreed x']) {
    const { output } = await asked(`/NATSURL=nats://other:4222 /LOG=${theirs}\\setup.log`, how);
    expect(output).toContain(`this log is not in ${theirs}\\setup.log, as /LOG says`);
    expect(output).toContain('it is not on a drive of this PC');
  }
  // A file that only administrators can write is theirs to name, and stays.
  const token = pc.put('C:\\IT\\token.txt', 'a-secret');
  expect(readFileSync(pc.path('C:\\message.txt'), 'utf16le')).not.toContain('deletes');
  expect((await asked(`/TOKENFILE=${token} /LOG=C:\\setup.log`)).code).toBe(251);
  expect(readFileSync(pc.path('C:\\message.txt'), 'utf16le')).toMatch(/^NatsToken: …\r\n/);
  expect(pc.has(token)).toBe(true);
});

it('a PC has it once: /D leads to no second one, past its version, its settings and the question', async () => {
  const other = 'C:\\Program Files\\Other';
  expect((await pc.install(next, `${servers()} /NOSTART=1`)).code).toBe(0);
  const service = () => pc.registry('SYSTEM\\CurrentControlSet\\Services\\KanadeTrayAgent');
  const before = await service();
  pc.put(`${other}\\private\\install.json`, '{"mode":"tray","tray":true,"autostart":true}');
  expect((await pc.install(current, `/NOSTART=1 /D=${other}`)).code).toBe(3);
  expect(pc.setupLog).toContain(`Kanade Tray is installed in ${pc.root}`);
  expect(pc.files(other)).toEqual(['private\\install.json']);
  expect(await service()).toEqual(before);
  expect(pc.currentVersion).toBe(next.version);
});

it('nobody claims to be a command of the fleet by a variable, or by a name', async () => {
  expect((await pc.install(current, `${servers()} /NOSTART=1`)).code).toBe(0);
  const isDoneHere = () => expect(pc.setupLog).toMatch(/ends with 0 after [\d.]+ s\s*$/);
  expect((await pc.install(current, '/NOSTART=1', { env: { KTRAY_RUN: 'made-up' } })).code).toBe(0);
  isDoneHere();
  expect(pc.setupLog).not.toContain('handed over');
  mkdirSync(pc.path('C:\\Theirs'));
  chownSync(pc.path('C:\\Theirs'), SOMEBODY, SOMEBODY);
  rmSync(pc.path('C:\\setup.log'), { force: true });
  expect((await startedBy('C:\\Theirs', '/NOSTART=1')).code).toBe(0);
  isDoneHere();
  expect(pc.setupLog).not.toContain('handed over');
});

it('no copy of a command line with a token can be read by others, also not of a set-up that is handed over', async () => {
  expect((await pc.install(current, `${servers()} /NOSTART=1`)).code).toBe(0);
  const ended = startedBy('C:\\Agents', '/NOSTART=1 /TOKEN=a-secret-of-the-fleet');
  const versions = pc.path(`${pc.root}\\versions`);
  const handedOver = () => readdirSync(versions).find((name) => name.startsWith('.handed-over-')) ?? '';
  await eventually(() => expect(handedOver()).not.toBe(''), 60_000, 10);
  const { mode } = statSync(join(versions, handedOver()));
  expect((await ended).code).toBe(0);
  await eventually(() => expect(pc.setupLog).toMatch(/ends with 0 after [\d.]+ s\s*$/), 60_000, 500);
  expect(mode & 0o007).toBe(0);
  expect(await pc.registry('SOFTWARE\\kanade\\agent')).toEqual({ NatsToken: 'a-secret-of-the-fleet' });
  expect(await installed(pc, current, { service: 'STOPPED' })).toEqual([]);
});
