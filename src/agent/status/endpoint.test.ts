import { chmod, lstat, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { asUser, OTHER_UID, otherUserProblem } from '../../../test/support/other-user.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { silentLogger } from '../../base/logger.ts';
import { endpointGuard } from '../../platform/endpoint-acl.ts';
import { endpointFile } from '../../shared/directories.ts';
import { choosePlace, type Place } from './address.ts';
import { Endpoints } from './endpoint.ts';

const problem = await otherUserProblem();
const isUnix = process.platform !== 'win32';
const isRoot = process.getuid?.() === 0;
const ADDRESS = '/run/kanade-tray/x.sock';

/** Listens nowhere. */
const open = async () => ({ ok: true, address: ADDRESS, listener: { close: async () => {} } }) as const;

async function endpoints(directory: string): Promise<Endpoints> {
  return new Endpoints({ directory, guard: endpointGuard(), log: silentLogger, open });
}

/** The same; `heard` holds who is listened to at present, and with which token. */
function listening(directory: string, guard = endpointGuard()) {
  const heard = new Map<string, string>();
  const opening = async (account: string, token: Uint8Array) => {
    heard.set(account, Buffer.from(token).toString('hex'));
    const close = async () => void heard.delete(account);
    return { ok: true, address: ADDRESS, listener: { close } } as const;
  };
  return { made: new Endpoints({ directory, guard, log: silentLogger, open: opening }), heard };
}

async function looks(path: string): Promise<string> {
  const { mode, uid } = await lstat(path);
  return `${(mode & 0o777).toString(8)} of ${uid}`;
}

/** A data directory that every user can go through, as `/var/lib/…` is. */
async function dataDirectory(): Promise<string> {
  const directory = tempDir();
  await chmod(directory, 0o711);
  return join(directory, 'kanade-tray');
}

describe('endpoint files', () => {
  test('each account has its own token, new at each start', async () => {
    const directory = await dataDirectory();
    const guard = endpointGuard();
    const tokens: string[] = [];
    for (let start = 0; start < 2; start += 1) {
      const { made, heard } = listening(directory);
      expect(await made.start()).toEqual({ ok: true });
      const { address, token } = JSON.parse(await readFile(endpointFile(directory, guard.own), 'utf8'));
      expect([address, heard.get(guard.own)]).toEqual([ADDRESS, token]);
      tokens.push(token);
    }
    expect(tokens[0]).toMatch(/^[0-9a-f]{64}$/);
    expect(tokens[0]).not.toBe(tokens[1]);
  });

  test.skipIf(!isRoot || !isUnix)('a change of accounts that fails is not the end of those that follow', async () => {
    const directory = await dataDirectory();
    const real = endpointGuard();
    let fails = false;
    const guard = {
      ...real,
      directory: (path: string) => (fails ? Promise.reject(new Error('EMFILE')) : real.directory(path)),
    };
    const { made, heard } = listening(directory, guard);
    await made.start();
    fails = true;
    await expect(made.serve([String(OTHER_UID)])).rejects.toThrow('EMFILE');
    fails = false;
    await made.serve([String(OTHER_UID)]);
    expect([...heard.keys()]).toContain(String(OTHER_UID));
    await made.close();
  });

  test.skipIf(!isRoot || !isUnix)('root: 0711 directories of its own, each file 0400 of its reader', async () => {
    const directory = await dataDirectory();
    const { made, heard } = listening(directory);
    await made.start();
    await made.serve([String(OTHER_UID), '0', '../evil', '']);
    const paths = ['', 'ipc', 'ipc/0', 'ipc/0/endpoint.json', 'ipc/12345', 'ipc/12345/endpoint.json'];
    expect(await Promise.all(paths.map((path) => looks(join(directory, path))))).toEqual([
      '711 of 0',
      '711 of 0',
      '711 of 0',
      '400 of 0',
      '711 of 0',
      '400 of 12345',
    ]);
    expect([...heard.keys()]).toEqual(['0', '12345']);
  });

  test.skipIf(!isRoot || !isUnix)('who signs out loses his file and his token; the others keep theirs', async () => {
    const directory = await dataDirectory();
    const { made, heard } = listening(directory);
    await made.start();
    await made.serve(['1000', '1001']);
    const [kept, file] = [heard.get('1001'), await readFile(endpointFile(directory, '1001'), 'utf8')];
    await made.serve(['1001']);
    await expect(lstat(endpointFile(directory, '1000'))).rejects.toThrow('ENOENT');
    expect([...heard.keys()]).toEqual(['0', '1001']);
    expect(heard.get('1001')).toBe(kept);
    expect(await readFile(endpointFile(directory, '1001'), 'utf8')).toBe(file);
    await made.close();
    expect(heard.size).toBe(0);
    await expect(lstat(endpointFile(directory, '0'))).rejects.toThrow('ENOENT');
  });

  test.skipIf(!isUnix)('a directory that was open to all is closed again', async () => {
    const directory = await dataDirectory();
    await mkdir(join(directory, 'ipc'), { recursive: true });
    await chmod(join(directory, 'ipc'), 0o777);
    await (await endpoints(directory)).start();
    expect(((await lstat(join(directory, 'ipc'))).mode & 0o777).toString(8)).toBe(isRoot ? '711' : '700');
  });

  test.skipIf(!isUnix)('a link in place of a directory is not followed', async () => {
    const directory = await dataDirectory();
    const elsewhere = tempDir();
    await mkdir(directory);
    await symlink(elsewhere, join(directory, 'ipc'));
    expect((await (await endpoints(directory)).start()).ok).toBe(false);
  });
});

describe.skipIf(problem !== null)(`another user of this PC${problem === null ? '' : ` (skipped: ${problem})`}`, () => {
  test('reads his own endpoint file and nobody else’s, and can neither list, replace nor add one', async () => {
    const directory = await dataDirectory();
    const made = await endpoints(directory);
    await made.start();
    await made.serve([String(OTHER_UID), '1000']);
    const tries = {
      own: `readFileSync(${q(endpointFile(directory, String(OTHER_UID)))}, 'utf8')`,
      root: `readFileSync(${q(endpointFile(directory, '0'))})`,
      another: `readFileSync(${q(endpointFile(directory, '1000'))})`,
      list: `readdirSync(${q(join(directory, 'ipc'))})`,
      write: `writeFileSync(${q(endpointFile(directory, String(OTHER_UID)))}, 'x')`,
      remove: `rmSync(${q(endpointFile(directory, String(OTHER_UID)))})`,
      add: `writeFileSync(${q(join(directory, 'ipc', String(OTHER_UID), 'x'))}, 'x')`,
      addAccount: `mkdirSync(${q(join(directory, 'ipc', '1001'))})`,
    };
    const source = `
      const { readFileSync, readdirSync, writeFileSync, rmSync, mkdirSync } = await import('node:fs');
      const out = {};
      ${Object.entries(tries)
        .map(
          ([name, code]) =>
            `try { out.${name} = String(${code}).length > 60 ? 'done' : 'done?'; } catch (e) { out.${name} = e.code; }`,
        )
        .join('\n')}
      console.log(JSON.stringify(out));`;
    expect(JSON.parse(await asUser(OTHER_UID, source))).toEqual({
      own: 'done',
      root: 'EACCES',
      another: 'EACCES',
      list: 'EACCES',
      write: 'EACCES',
      remove: 'EACCES',
      add: 'EACCES',
      addAccount: 'EACCES',
    });
  });

  test('who was there first with links gets nothing written or opened through them', async () => {
    const shared = tempDir();
    await chmod(shared, 0o1777);
    const victim = join(tempDir(), 'victim');
    await writeFile(victim, 'untouched', { mode: 0o600 });
    await mkdir(join(shared, 'victims'), { mode: 0o700 });
    const attacks = {
      'the whole directory a link': `symlinkSync(${q(join(shared, 'victims'))}, at)`,
      'the whole directory his own': `mkdirSync(at)`,
      'ipc a link, in a directory of his': `mkdirSync(at); symlinkSync(${q(join(shared, 'victims'))}, at + '/ipc')`,
      'the endpoint file a link, in directories of his': `mkdirSync(at + '/ipc/0', { recursive: true }); symlinkSync(${q(victim)}, at + '/ipc/0/endpoint.json')`,
    };
    for (const [attack, code] of Object.entries(attacks)) {
      const directory = join(shared, attack);
      await asUser(
        OTHER_UID,
        `const { symlinkSync, mkdirSync } = await import('node:fs'); const at = ${q(directory)}; ${code}`,
      );
      expect(await (await endpoints(directory)).start(), attack).toMatchObject({ ok: false });
      expect(await looks(join(shared, 'victims')), attack).toBe('700 of 0');
      expect([await readFile(victim, 'utf8'), await looks(victim)], attack).toEqual(['untouched', '600 of 0']);
    }
  });

  test('links that were left inside of our own directories are not followed either', async () => {
    const directory = await dataDirectory();
    const victim = join(tempDir(), 'victim');
    await writeFile(victim, 'untouched', { mode: 0o600 });
    // As a wrongly open directory of an older set-up would have let him.
    await mkdir(join(directory, 'ipc', '0'), { recursive: true });
    await chmod(join(directory, 'ipc', '0'), 0o777);
    await chmod(directory, 0o711);
    await asUser(
      OTHER_UID,
      `const { symlinkSync } = await import('node:fs'); symlinkSync(${q(victim)}, ${q(endpointFile(directory, '0'))})`,
    );
    expect(await (await endpoints(directory)).start()).toEqual({ ok: true });
    expect([await readFile(victim, 'utf8'), await looks(victim)]).toEqual(['untouched', '600 of 0']);
    expect(await looks(endpointFile(directory, '0'))).toBe('400 of 0');
  });

  test('an agent that is not root makes 0700 directories and a file for its own account only', async () => {
    const shared = tempDir();
    await chmod(shared, 0o777);
    const directory = join(shared, 'kanade-tray');
    const source = `
      const { endpointGuard } = await import(SRC + 'platform/endpoint-acl.ts');
      const { Endpoints } = await import(SRC + 'agent/status/endpoint.ts');
      const { silentLogger } = await import(SRC + 'base/logger.ts');
      const made = new Endpoints({
        directory: ${q(directory)}, guard: endpointGuard(), log: silentLogger,
        open: async () => ({ ok: true, address: '/x', listener: { close: async () => {} } }),
      });
      const started = await made.start();
      await made.serve(['0', '1000']);
      console.log(JSON.stringify(started));`;
    expect(JSON.parse(await asUser(OTHER_UID, source))).toEqual({ ok: true });
    expect(await readdir(join(directory, 'ipc'))).toEqual(['12345']);
    const paths = ['', 'ipc', 'ipc/12345', 'ipc/12345/endpoint.json'];
    expect(await Promise.all(paths.map((path) => looks(join(directory, path))))).toEqual([
      '700 of 12345',
      '700 of 12345',
      '700 of 12345',
      '400 of 12345',
    ]);
  });

  test('a socket directory of his under the name of ours is passed over', async () => {
    const runDirectory = tempDir();
    await chmod(runDirectory, 0o777);
    await asUser(OTHER_UID, `(await import('node:fs')).mkdirSync(${q(join(runDirectory, 'kanade-tray'))})`);
    const chosen = await choose({ runDirectory });
    expect(chosen.ok && chosen.address.startsWith(runDirectory)).toBe(false);
    expect(chosen).toMatchObject({ ok: true });
    if (chosen.ok) await rm(join(chosen.address, '..'), { recursive: true });
  });
});

async function choose(more: { runDirectory: string; platform?: NodeJS.Platform; directory?: string }) {
  const guard = endpointGuard();
  const place: Place = await choosePlace({
    directory: '/data/kanade-tray',
    guard,
    platform: 'linux',
    env: {},
    ...more,
  });
  return place.ok ? { ok: true as const, address: await place.addressFor('1000') } : place;
}

describe('the address', () => {
  test.skipIf(!isRoot || !isUnix)('root listens below /run, under one name per data directory', async () => {
    const runDirectory = tempDir();
    const first = await choose({ runDirectory });
    expect(first).toEqual(await choose({ runDirectory }));
    expect(first).not.toEqual(await choose({ runDirectory, directory: '/other/kanade-tray' }));
    expect(first.ok && first.address).toMatch(/\/kanade-tray\/[0-9a-f]{16}-1000\.sock$/);
  });

  test.skipIf(!isUnix)('a path that is too long for a socket is passed over', async () => {
    const chosen = await choose({ runDirectory: join(tempDir(), 'x'.repeat(100)) });
    expect(chosen.ok && Buffer.byteLength(chosen.address)).toBeLessThanOrEqual(100);
    if (chosen.ok) await rm(join(chosen.address, '..'), { recursive: true });
  });

  test.skipIf(!isRoot || !isUnix)('something else in the place of the socket is not removed', async () => {
    const runDirectory = tempDir();
    const chosen = await choose({ runDirectory });
    if (!chosen.ok) throw new Error(chosen.why);
    await writeFile(chosen.address, 'not a socket');
    const other = await choose({ runDirectory });
    expect(other).not.toEqual(chosen);
    expect(await readFile(chosen.address, 'utf8')).toBe('not a socket');
    if (other.ok) await rm(join(other.address, '..'), { recursive: true });
  });

  test('on Windows it is a pipe under a name that can not be known in advance', async () => {
    const names = await Promise.all([0, 1].map(() => choose({ runDirectory: '/run', platform: 'win32' })));
    for (const name of names) expect(name.ok && name.address).toMatch(/^\\\\\.\\pipe\\kanade-tray-[0-9a-f]{32}$/);
    expect(names[0]).not.toEqual(names[1]);
  });
});

function q(text: string): string {
  return JSON.stringify(text);
}
