/** `npm run release` against a real broker, and what the agent's own look-up finds of it. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findRelease } from '../../src/agent/duties/release-lookup.ts';
import { pinOf } from '../../src/agent/update/key-ring.ts';
import { agentBus } from '../../test/support/duties.ts';
import { provisionedOperator } from '../../test/support/fleet.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { releaseDesk, UNPACKED_BYTES } from '../../test/support/release-desk.ts';
import { TARGET } from '../../test/support/releases.ts';
import { testStore } from '../../test/support/store.ts';
import { tempDir } from '../../test/support/temp.ts';

async function desk() {
  const server = await startNatsServer();
  await provisionedOperator(server);
  const commands = await releaseDesk();
  const { dir, release } = commands;
  const publish = (...more: string[]) => release('publish', '--server', server.url, ...more);
  const bus = await agentBus(server, 'PC-A');
  const { seenUpdates: seen } = testStore(tempDir());
  const pin = pinOf(readFileSync(join(dir, 'keys.1.json')));
  const lookUp = (version: string) =>
    findRelease(version, {
      bus,
      seen,
      pin,
      target: TARGET,
      installed: '1.0.0',
      channel: 'stable',
      nowMs: Date.now(),
      signal: AbortSignal.timeout(30_000),
    });
  const keyFiles = (where: string, kind: string) => readdirSync(where).filter((name) => name.startsWith(kind));
  return { ...commands, publish, lookUp, keyFiles };
}

test('keys, sign and publish: a PC that has the list pinned finds the release, and by whom it is signed', async () => {
  const { dir, recovery, file, refused, sign, publish, lookUp, keyFiles } = await desk();
  const [releaseKey = ''] = keyFiles(dir, 'release-');
  const [recoveryKey = ''] = keyFiles(recovery, 'recovery-');
  for (const key of [join(dir, releaseKey), join(recovery, recoveryKey)])
    expect(statSync(key).mode & 0o777).toBe(0o600);
  expect(await refused('keys', '--recovery', recovery)).toContain('has a key list already');
  expect(await sign('2.0.0')).toContain('Manifest 1:');
  expect(await lookUp('2.0.0')).toMatchObject({ state: 'wanted_not_ours', reason: 'nothing' });
  expect(await publish('--file', file)).toContain('Published 2.0.0-electron-linux-x86_64.manifest');
  expect(await lookUp('2.0.0')).toMatchObject({
    state: 'available',
    release: { signedBy: ['Aiko'], sizeBytes: statSync(file).size },
    offer: { release: { unpacked_size: UNPACKED_BYTES } },
  });
  writeFileSync(file, 'something else');
  const again = ['--file', file, '--version', '2.0.0', '--platform', TARGET.platform, '--arch', TARGET.arch];
  expect(await refused('sign', ...again)).toContain('No PC would unpack');
  expect(await refused('publish', '--server', 'nats://127.0.0.1:1', '--file', file)).toContain(
    'is not the package that was signed',
  );
});

test('rotate and revoke: what the old key has signed counts no more, and the new one needs no visit to a PC', async () => {
  const { dir, recovery, file, release, refused, sign, publish, lookUp } = await desk();
  await sign('2.0.0');
  await publish('--file', file);
  expect(await lookUp('2.0.0')).toMatchObject({ state: 'available' });
  expect(await release('rotate', '--recovery', recovery, '--name', 'Ben')).toContain('keys.2.json');
  expect(await publish()).toContain('Published kanade-tray-keys.2');
  expect(await lookUp('2.0.0')).toMatchObject({ state: 'refused', reason: 'signature' });
  await sign('2.0.0');
  await publish('--file', file);
  expect(await lookUp('2.0.0')).toMatchObject({ state: 'available', release: { signedBy: ['Ben'] } });
  const ids = readdirSync(dir).flatMap((name) => /^release-(\w+)\.key$/.exec(name)?.[1] ?? []);
  const answers = await Promise.all(ids.map((id) => refused('revoke', '--recovery', tempDir(), '--key', id)));
  // One is gone already, for the other the recovery key is needed.
  expect(answers.join()).toContain('is the beginning of no single release key');
  expect(answers.join()).toContain('not enough to sign this list');
  const gone = ids[answers.findIndex((answer) => answer.includes('not enough'))] ?? '';
  expect(await release('revoke', '--recovery', recovery, '--key', gone, '--name', 'Chika')).toContain('keys.3.json');
  await publish();
  expect(await lookUp('2.0.0')).toMatchObject({ state: 'refused', reason: 'signature' });
  await sign('2.0.0');
  await publish('--file', file);
  expect(await lookUp('2.0.0')).toMatchObject({ state: 'available', release: { signedBy: ['Chika'] } });
});

test('without enough recovery keys no new key is made', async () => {
  const { dir, recovery, release, refused, keyFiles } = await desk();
  const before = readdirSync(dir);
  const [id = ''] = keyFiles(dir, 'release-').map((name) => name.replace(/^release-|\.key$/g, ''));
  for (const args of [['revoke', '--key', id], ['rotate'], ['rotate', '--recovery-key']])
    expect(await refused(...args, '--recovery', tempDir()), args.join(' ')).toContain('not enough to sign this list');
  expect(readdirSync(dir)).toEqual(before);
  await release('rotate', '--recovery', recovery, '--recovery-key', '--add');
  // One of the two is elsewhere: with the new one there are two, and three are asked for.
  const [away = '', here = ''] = keyFiles(recovery, 'recovery-');
  renameSync(join(recovery, away), join(tempDir(), away));
  const three = ['rotate', '--recovery', recovery, '--recovery-key', '--add', '--threshold', '3'];
  expect(await refused(...three)).toContain('not enough to sign this list');
  expect(keyFiles(recovery, 'recovery-')).toEqual([here]);
});

test('two people: a second key beside the first, two signatures needed, and a new recovery key', async () => {
  const { recovery, file, release, refused, sign, publish, lookUp } = await desk();
  await release('rotate', '--recovery', recovery, '--add', '--threshold', '2', '--name', 'Ben');
  await release('rotate', '--recovery', recovery, '--recovery-key');
  await sign('2.0.0');
  expect(await release('sign', '--add-to', `${file}.manifest`, '--file', file)).toContain('2 signatures');
  await publish('--file', file);
  expect(await lookUp('2.0.0')).toMatchObject({ state: 'available', release: { signedBy: ['Aiko', 'Ben'] } });
  expect(await refused('publish', '--server', 'nats://127.0.0.1:1')).toContain('No connection');
  expect(await refused('say')).toContain('Say one of keys, sign, publish, rotate, revoke');
});

test('one more signature is put on a manifest only by who has its package, and is told what it is', async () => {
  const { dir, recovery, file, release, refused, sign } = await desk();
  await release('rotate', '--recovery', recovery, '--add', '--threshold', '2', '--name', 'Ben');
  const [aiko = '', ben = ''] = readdirSync(dir).filter((name) => name.startsWith('release-'));
  // Each of the two has a key of their own.
  const [one, other] = [tempDir(), tempDir()];
  renameSync(join(dir, aiko), join(one, aiko));
  renameSync(join(dir, ben), join(other, ben));
  await sign('2.0.0', '--keys', one);
  const manifest = `${file}.manifest`;
  const before = readFileSync(manifest);
  const add = ['sign', '--add-to', manifest, '--keys', other];
  expect(await refused(...add)).toContain('--file is missing');
  const another = join(dir, 'another.zip');
  writeFileSync(another, Buffer.alloc(300_000, 8));
  expect(await refused(...add, '--file', another)).toContain('is not the package that was signed');
  // What its payload says is looked at as well: here a release of other keys.
  const { release: elsewhere, file: theirs, sign: signElsewhere } = await desk();
  await signElsewhere('9.0.0');
  expect(await elsewhere('sign', '--add-to', `${theirs}.manifest`, '--file', theirs)).toContain('1 signatures');
  expect(await refused('sign', '--add-to', `${theirs}.manifest`, '--file', theirs, '--keys', other)).toContain(
    'No PC would take',
  );
  expect(readFileSync(manifest)).toEqual(before);
  const said = await release(...add, '--file', file);
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex');
  expect(said).toMatch(new RegExp(`Version: 2\\.0\\.0\\nObject: +2\\.0\\.0-\\S+\\nSHA-256: ${sha256}\\n2 signatures`));
});
