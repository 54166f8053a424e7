/** Upgrades while the agent works: no command is lost, none runs twice, and the installer outlives the agent that started it. */
import type { NatsConnection } from '@nats-io/transport-node';
import { beforeEach, expect, it } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { command, countStored, provisionedOperator, publishCommand, waitForResult } from '../../test/support/fleet.ts';
import { testStore } from '../../test/support/store.ts';
import { handedOverAndDone, installed, leftAfterRestart, nothingLeft } from './expected.ts';
import { current, next } from './pc.ts';
import { pcAndBroker } from './pc-and-broker.ts';

const PC_ID = 'PC-W2';
const here = pcAndBroker();
const { pc } = here;
let operator: NatsConnection;
beforeEach(async () => {
  operator = await provisionedOperator(here.broker);
});

const SUBJECT = `commands.pc.${PC_ID}`;
/** Every command of this file, in order. */
const sent: string[] = [];

function script(text: string, timeoutSecs = 60) {
  const made = command({ shell: 'cmd', script: text, timeout_secs: timeoutSecs });
  sent.push(made.request_id);
  return made;
}

it('a command runs in cmd, and its whole tree is killed when its time is over', async () => {
  expect((await pc.install(current, `/NATSURL=${here.broker.url} /PCID=${PC_ID} /CHECK=strict`)).code).toBe(0);
  const hello = script('echo hello from %COMPUTERNAME%');
  await publishCommand(operator, SUBJECT, hello);
  const result = await waitForResult(operator, hello.request_id);
  expect(result).toMatchObject({ exit_code: 0, pc_id: PC_ID });
  expect(result.stdout).toMatch(/^hello from \S/);

  const long = script('ping -n 60 127.0.0.1 > nul & echo survived > C:\\survived.txt', 2);
  await publishCommand(operator, SUBJECT, long);
  expect((await waitForResult(operator, long.request_id)).stderr).toContain('timeout after 2s');
  // Nothing of it is left that could write the file.
  await eventually(() => expect(pc.processes('-n 60 127.0.0.1')).toEqual([]));
  expect(pc.has('C:\\survived.txt')).toBe(false);
});

it('an upgrade lets a script that runs end first, and its result arrives once', async () => {
  const running = script('echo begun > C:\\begun.txt & ping -n 8 127.0.0.1 > nul & echo done', 60);
  await publishCommand(operator, SUBJECT, running);
  await eventually(() => expect(pc.has('C:\\begun.txt')).toBe(true), 20_000);
  expect((await pc.install(next, '/CHECK=strict')).code).toBe(0);
  expect(pc.setupLog).toContain('waiting for the scripts that run');
  const result = await waitForResult(operator, running.request_id);
  expect(result).toMatchObject({ exit_code: 0 });
  expect(result.stdout).toContain('done');
  expect(await countStored(operator, 'RESULTS', `results.${running.request_id}`)).toBe(1);
  expect(await installed(pc, next)).toEqual([]);
});

it('a command of the agent may install another version of it: handed over, and the way back too', async () => {
  const log = 'C:\\handed.log';
  const upgrade = script(
    `start /wait "" "${pc.installerOf(current)}" /S /ALLOWDOWNGRADE=1 /LOG=${log} & echo ended with %errorlevel%`,
    120,
  );
  await publishCommand(operator, SUBJECT, upgrade);
  const result = await waitForResult(operator, upgrade.request_id, { timeoutMs: 120_000 });
  expect(result.exit_code, result.stderr).toBe(0);
  await handedOverAndDone(pc, log);
  expect(await installed(pc, current)).toEqual([]);
  // What ran to the end goes with the next start of Windows.
  expect(
    pc.files(`${pc.root}\\versions`).filter((name) => name.startsWith('.') && !name.endsWith('hand-over.exe')),
  ).toEqual([]);
  const after = script('echo the new one answers');
  await publishCommand(operator, SUBJECT, after);
  expect((await waitForResult(operator, after.request_id)).stdout).toContain('the new one answers');
});

it('from one version to the next and back, the store has kept every row', async () => {
  await pc.powerOff();
  const store = testStore(pc.path('C:\\ProgramData\\Kanade\\data\\kanade-tray'));
  const rows = store.history.list({}, Number.POSITIVE_INFINITY, 100);
  expect(rows.map(({ requestId }) => requestId).toReversed()).toEqual(sent);
  expect(rows.every(({ state }) => state === 'finished')).toBe(true);
  // The power may have gone before the broker's answer to the newest result was written down: it is sent once more.
  expect(rows.slice(1).every(({ deliveredAtMs }) => deliveredAtMs !== null)).toBe(true);
});

it('a command of the agent may take it away for good', { timeout: 180_000 }, async () => {
  const log = 'C:\\removed.log';
  const removal = script(`"${pc.root}\\uninstall.exe" /S /PURGE=1 /LOG=${log}`, 120);
  await publishCommand(operator, SUBJECT, removal);
  await eventually(async () => expect(await pc.serviceState()).toBe('RUNNING'), 60_000, 500);
  const result = await waitForResult(operator, removal.request_id, { timeoutMs: 60_000 });
  expect(result).toMatchObject({ exit_code: 0, stderr: '' });
  await handedOverAndDone(pc, log);
  expect(await nothingLeft(pc)).toEqual([]);
  expect(pc.has('C:\\ProgramData\\Kanade')).toBe(false);
  // The programs that went on until the end go with the next start of Windows.
  expect(await leftAfterRestart(pc)).toEqual([]);
});
