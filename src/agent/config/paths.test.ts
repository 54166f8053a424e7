import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { TestMachine } from '../../../test/support/config-machine.ts';
import { eventually } from '../../../test/support/eventually.ts';
import { deadShare, noSharesHere } from '../../../test/support/mounts.ts';
import { ringEntry, signingKey } from '../../../test/support/signing.ts';
import { ANSWER_WITHIN_MS, AskedPath } from '../../base/answers.ts';
import { systemClock } from '../../base/clock.ts';
import { silentLogger } from '../../base/logger.ts';
import { loopTurn } from '../../base/loop-turn.ts';
import { Verifier } from '../signing/verifier.ts';
import { pathsOf, signInFilesOf } from './paths.ts';
import { SETTING_KEYS, type SettingKey, settingOf } from './settings.ts';

let here: TestMachine;
beforeEach(() => {
  here = new TestMachine();
});
afterEach(() => here.remove());

const noShares = noSharesHere();
const PATHS = SETTING_KEYS.filter((key) => settingOf(key).kind === 'path');

test('every path of the settings is asked whether it answers, but that of the log, which is asked by who writes it', () => {
  const source = { source: 'agent.toml', file: 'agent.toml', line: null, locked: false } as const;
  const settings = Object.fromEntries(
    SETTING_KEYS.map((key) => [key, { ...source, value: PATHS.includes(key) ? `/share/${key}` : null }]),
  ) as Parameters<typeof pathsOf>[0]['settings'];
  const { directories } = here.machine();
  const asked = pathsOf({ directories, settings }).map(({ what, path }) => [what, path]);
  const expected = PATHS.filter((key) => key !== 'log.path').map((key) => [`the file of ${key}`, `/share/${key}`]);
  expect(asked).toEqual([['the data directory', directories.agentDir], ...expected]);
  const known: readonly SettingKey[] = ['commands.keys_file', 'update.keys_file', 'helpdesk.code_hash_file', 'tls.ca'];
  expect(PATHS).toEqual(expect.arrayContaining([...known]));
});

test.skipIf(noShares !== null)(
  'a file of a sign-in on a share that is away is asked once, and not waited for',
  async () => {
    const never = new AbortController();
    const share = deadShare();
    const asked = new AskedPath(join(share.path, 'ca.pem'), systemClock);
    expect(await asked.answers(never.signal, 50)).toBe(false);
    // Without a second question, which would take another thread.
    expect(await asked.answers(never.signal, 50)).toBe(false);
    expect(asked.isSilent).toBe(false);
    share.abandon();
    await eventually(async () => expect(await asked.answers(never.signal)).toBe(true));
    const other = new AskedPath(join(deadShare().path, 'ca.pem'), systemClock);
    const stopped = expect(other.answers(never.signal)).rejects.toThrow('stopping');
    never.abort(new Error('stopping'));
    await stopped;
  },
);

test('the files of a sign-in are those of two tables of the settings', () => {
  const settings = Object.fromEntries(
    SETTING_KEYS.map((key) => [key, { value: PATHS.includes(key) ? `/${key}` : null }]),
  );
  const files = signInFilesOf({ settings } as never).map(({ path }) => path);
  const expected = [
    'auth.password_file',
    'auth.token_file',
    'auth.creds_file',
    'auth.nkey_file',
    'tls.ca',
    'tls.cert',
    'tls.key',
  ];
  expect(files.toSorted()).toEqual(expected.map((key) => `/${key}`).toSorted());
});

test('what nobody has set is not asked of', () => {
  const settings = Object.fromEntries(SETTING_KEYS.map((key) => [key, { value: null }])) as never;
  expect(pathsOf({ directories: here.machine().directories, settings })).toHaveLength(1);
});

test('a ring of keys on a share that falls silent is asked for once, and what is known of it counts', async (context) => {
  if (noShares !== null) return context.skip(noShares);
  let nowMs = 0;
  const asked = new AskedPath(join(deadShare().path, 'keys.json'), { monotonicMs: () => nowMs });
  let reads = 0;
  const ring = JSON.stringify([ringEntry('backend', signingKey(1))]);
  const verifier = new Verifier({
    pcId: 'PC-1',
    mode: 'require',
    readRing: () => {
      reads += 1;
      return asked.isSilent ? { kind: 'failed', why: 'it does not answer' } : { kind: 'text', text: ring };
    },
    ringPath: asked,
    clock: systemClock,
    log: silentLogger,
    onFinding: () => {},
  });
  verifier.refresh();
  verifier.refresh();
  await loopTurn();
  expect([reads, verifier.view().problem]).toEqual([1, null]);
  nowMs = ANSWER_WITHIN_MS;
  verifier.refresh();
  await eventually(() =>
    expect(verifier.view()).toMatchObject({ problem: 'it does not answer', keys: [{ kid: 'backend' }] }),
  );
});

test('a path that answers is looked at', async () => {
  const asked = new AskedPath(here.root, systemClock);
  expect([await asked.ask(), await asked.ask(), asked.isSilent]).toEqual([true, true, false]);
});

test('a file that is read with the settings counts only once it has answered', () => {
  const toml =
    '[agent]\nid = "PC-1"\nnats_url = "nats://b:4222"\n[log]\npath = "/l/a.log"\nlevel = "info"\n[helpdesk]\n';
  const configPath = here.file('agent.toml', `${toml}code_hash_file = "hash"\n`);
  const asked: string[] = [];
  const loaded = here.load({ configPath, answers: (path) => asked.push(path) < 0 });
  expect(asked).toEqual([`${here.root}/hash`]);
  expect(loaded).toMatchObject({
    ok: false,
    problems: [
      { key: 'helpdesk.code_hash_file', expected: `a file that can be used: ${here.root}/hash does not answer` },
    ],
  });
});
