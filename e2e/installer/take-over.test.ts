/** The original agent goes and comes back: here a service of its name that leaves its files, and runs what it is told to. */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { command, provisionedOperator, publishCommand, waitForResult } from '../../test/support/fleet.ts';
import { handedOverAndDone, installed } from './expected.ts';
import { current, GIVEN } from './pc.ts';
import { pcAndBroker } from './pc-and-broker.ts';

const DATA = 'C:\\ProgramData\\Kanade\\data';
const CONFIG = 'C:\\ProgramData\\Kanade\\config\\agent.toml';
const COMPLETION = { 'schedule-1::job-1': '2026-11-24T19:34:06.200112202Z' };
const here = pcAndBroker();
const { pc } = here;

const unsent = (requestId: string, resultId: string) =>
  JSON.stringify({
    result_id: resultId,
    request_id: requestId,
    exec_id: null,
    pc_id: 'PC-W3',
    exit_code: 5,
    stdout: 'of the original',
    stderr: '',
    started_at: '2026-11-24T19:34:35.221394673Z',
    finished_at: '2026-11-24T19:34:35.221394673Z',
    manifest_id: 'job-1',
  });

/** Runs the program that stands in `C:\task.json`, as a command of the fleet would; ends when the host says so. */
const STAND_IN = `
  const { existsSync, readFileSync, writeFileSync } = require('node:fs');
  const { execFile } = require('node:child_process');
  process.stdin.on('data', (text) => String(text).includes('stop') && process.exit(0));
  const timer = setInterval(() => {
    if (!existsSync('C:\\\\task.json')) return;
    clearInterval(timer);
    const { program, args } = JSON.parse(readFileSync('C:\\\\task.json', 'utf8'));
    execFile(program, args, (error) => writeFileSync('C:\\\\task.ended', String(error === null ? 0 : error.code)));
  }, 100);
`;

/** A service that runs: our host of services with a program that waits for its end. */
async function installOriginal(): Promise<void> {
  const root = 'C:\\Kanade';
  mkdirSync(pc.path(`${root}\\bin`), { recursive: true });
  cpSync(pc.path(`${pc.root}\\private\\kanade-tray-agent.exe`), pc.path(`${root}\\bin\\kanade-agent.exe`));
  pc.put(`${root}\\private\\current.json`, '{"version":"0.29.0"}');
  mkdirSync(pc.path(`${root}\\versions\\0.29.0\\node`), { recursive: true });
  cpSync(join(GIVEN.node, 'bin', 'node.exe'), pc.path(`${root}\\versions\\0.29.0\\node\\node.exe`));
  pc.put(`${root}\\versions\\0.29.0\\agent\\main.js`, STAND_IN);
  const made = await pc.run('sc.exe', `create KanadeAgent binPath= ${root}\\bin\\kanade-agent.exe start= auto`);
  expect(made.code).toBe(0);
  await pc.run('sc.exe', 'start KanadeAgent');
}

describe('the original agent', () => {
  beforeAll(async () => {
    // Only for its programs.
    expect((await pc.install(current, `/NATSURL=${here.broker.url} /PCID=PC-W3 /NOSTART=1`)).code).toBe(0);
    await installOriginal();
    expect((await pc.uninstall('/PURGE=1')).code).toBe(0);
  });

  it('that is installed keeps its settings, its secrets and its data when ours is purged', async () => {
    await eventually(async () => expect(await pc.serviceState('KanadeAgent')).toBe('RUNNING'), 20_000);
    expect(pc.has(CONFIG)).toBe(true);
  });

  it('goes on beside ours, which waits for its end', async () => {
    pc.put(
      CONFIG,
      `[agent]\nid = "PC-W3"\nnats_url = "${here.broker.url}"\n\n[log]\npath = "C:\\\\original.log"\nlevel = "info"\n`,
    );
    expect((await pc.install(current)).code).toBe(0);
    expect(await pc.serviceState('KanadeAgent')).toBe('RUNNING');
    expect(await installed(pc, current)).toEqual([]);
  });

  it('is taken over: stopped, disabled, and what it had not sent arrives', async () => {
    const operator = await provisionedOperator(here.broker);
    pc.put(`${DATA}\\outbox\\request-1.json`, unsent('request-1', '5d8a5d64-2df5-4b21-9c3c-0f6d7a1f0c11'));
    pc.put(`${DATA}\\local_completions.json`, JSON.stringify(COMPLETION));
    expect((await pc.install(current, '/REPLACE=1 /CHECK=strict')).code).toBe(0);
    expect(await pc.serviceState('KanadeAgent')).toBe('STOPPED');
    expect((await pc.registry('SYSTEM\\CurrentControlSet\\Services\\KanadeAgent'))?.Start).toBe('0x4');
    const result = await waitForResult(operator, 'request-1');
    expect(result).toMatchObject({ result_id: '5d8a5d64-2df5-4b21-9c3c-0f6d7a1f0c11', stdout: 'of the original' });
    expect(pc.files(`${DATA}\\outbox`)).toEqual(['request-1.json.imported']);
    const hello = command({ shell: 'cmd', script: 'echo ours' });
    await publishCommand(operator, 'commands.pc.PC-W3', hello);
    expect((await waitForResult(operator, hello.request_id)).stdout).toContain('ours');
  });

  it('comes back: with our unsent results and all completions where it looks for them', async () => {
    const operator = await provisionedOperator(here.broker);
    const last = command({ shell: 'cmd', script: 'ping -n 4 127.0.0.1 > nul & echo not sent yet' });
    await publishCommand(operator, 'commands.pc.PC-W3', last);
    // It has begun by the time the broker goes, and has ended by the time the installer comes.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await here.broker.stop();
    await eventually(() => expect(pc.files(`${DATA}\\kanade-tray`).length).toBeGreaterThan(0), 10_000);
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect((await pc.install(current, '/RESTORE=1')).code).toBe(0);
    await here.broker.start();
    expect(pc.setupLog).toContain('1 unsent results and 1 completions were written for it');
    expect(await pc.serviceState('KanadeAgent')).toBe('RUNNING');
    expect((await pc.registry('SYSTEM\\CurrentControlSet\\Services\\KanadeAgent'))?.Start).toBe('0x2');
    expect((await pc.registry('SYSTEM\\CurrentControlSet\\Services\\KanadeTrayAgent'))?.Start).toBe('0x4');
    const [file = ''] = pc.files(`${DATA}\\outbox`).filter((name) => name.endsWith('.json'));
    expect(JSON.parse(pc.read(`${DATA}\\outbox\\${file}`))).toMatchObject({
      request_id: last.request_id,
      exit_code: 0,
    });
    expect(JSON.parse(pc.read(`${DATA}\\local_completions.json`))).toEqual({
      'schedule-1::job-1': '2026-11-24T19:34:06.200Z',
    });
  });

  it('is taken over by a command of its own: the installer hands over, and outlives it', async () => {
    const log = 'C:\\taken-over.log';
    const args = ['/S', '/REPLACE=1', '/CHECK=strict', `/LOG=${log}`];
    pc.put('C:\\task.json', JSON.stringify({ program: pc.installerOf(current), args }));
    await eventually(() => expect(pc.has('C:\\task.ended') && pc.read('C:\\task.ended')).toBe('0'), 60_000);
    await handedOverAndDone(pc, log);
    expect(await pc.serviceState('KanadeAgent')).toBe('STOPPED');
    expect((await pc.registry('SYSTEM\\CurrentControlSet\\Services\\KanadeAgent'))?.Start).toBe('0x4');
    expect(await installed(pc, current)).toEqual([]);
  });
});
