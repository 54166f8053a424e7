import { chmodSync, chownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { tempDir } from '../../../test/support/temp.ts';
import { openedToAll, wineTempDir } from '../../../test/support/wine-files.ts';
import { NO_REGISTRY, type Registry } from '../../platform/registry.ts';
import { type FoundShell, findPosixShell, findWindowsShell } from './find-shell.ts';

const isWindows = process.platform === 'win32';
const OTHER_UID = 12_345;

let folder: string;
beforeEach(() => {
  folder = isWindows ? wineTempDir() : tempDir();
});

function program(name: string): string {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, '');
  chmodSync(file, 0o755);
  return file;
}

const fileOf = (found: FoundShell) => (found.found ? found.file : null);
const AS_PERSON = { isSystem: false };
const AS_SYSTEM = { isSystem: true };

describe.skipIf(isWindows)('elsewhere than on Windows', () => {
  it('powershell is powershell where there is one', () => {
    program('pwsh');
    const file = program('powershell');
    expect(fileOf(findPosixShell('powershell', { PATH: folder }, AS_PERSON))).toBe(file);
  });

  it('powershell is else pwsh', () => {
    const file = program('pwsh');
    expect(fileOf(findPosixShell('powershell', { PATH: `/nowhere:${folder}` }, AS_PERSON))).toBe(file);
  });

  it('is none where there is neither, or no PATH', () => {
    for (const name of ['powershell', 'sh']) {
      expect(findPosixShell(name, { PATH: folder }, AS_PERSON)).toEqual({ found: false, passedOver: null });
      expect(findPosixShell(name, {}, AS_PERSON)).toEqual({ found: false, passedOver: null });
    }
  });

  it.skipIf(process.getuid?.() !== 0)(
    'one that somebody else could exchange is none for root; the next one counts',
    () => {
      const loose = program('loose/pwsh');
      const good = program('good/pwsh');
      const at = (where: string) => path.join(folder, where);
      chmodSync(at('loose'), 0o777);
      const PATH = `${at('loose')}:${at('good')}`;
      expect(fileOf(findPosixShell('powershell', { PATH }, AS_SYSTEM))).toBe(good);
      expect(fileOf(findPosixShell('powershell', { PATH }, AS_PERSON))).toBe(loose);
      expect(findPosixShell('pwsh', { PATH: at('loose') })).toEqual({
        found: false,
        passedOver: `${loose}: ${at('loose')} can be written by everybody`,
      });
      chmodSync(at('loose'), 0o755);
      chownSync(loose, OTHER_UID, 0);
      expect(findPosixShell('pwsh', { PATH: at('loose') }, AS_SYSTEM)).toEqual({
        found: false,
        passedOver: `${loose} belongs to user ${OTHER_UID}, who could change it`,
      });
      // A link of ours to one of theirs is no better.
      symlinkSync(loose, path.join(at('good'), 'sh'));
      expect(findPosixShell('sh', { PATH: at('good') }, AS_SYSTEM)).toMatchObject({ found: false });
    },
  );
});

describe.runIf(isWindows)('on Windows', () => {
  const find = (name: string, environment: Record<string, string>, rules = {}) =>
    fileOf(findWindowsShell(name, environment, { registry: NO_REGISTRY, ...rules }));
  const said = (values: Record<string, string>): Registry => ({
    read: (key, name) => {
      const text = values[`${key.slice('SOFTWARE\\Microsoft\\Windows\\CurrentVersion'.length)}!${name}`];
      return text === undefined ? { kind: 'absent' } : { kind: 'text', text };
    },
  });

  it('takes the shells that come with Windows from their own place, not from the PATH', () => {
    program('System32/cmd.exe');
    program('cmd.exe');
    const environment = { SystemRoot: folder, Path: folder };
    expect(find('cmd', environment)).toBe(path.join(folder, 'System32', 'cmd.exe'));
  });

  it('takes others from absolute folders of the PATH only', () => {
    program('pwsh.exe');
    expect(find('pwsh', { PATH: `.;"${folder}"` }, AS_PERSON)).toBe(path.join(folder, 'pwsh.exe'));
    expect(find('pwsh', { PATH: '.;' })).toBeNull();
  });

  it('and before those from where the machine says that they are, or are installed', () => {
    const onPath = program('pwsh.exe');
    const [six, ten] = [program('Programs/PowerShell/6/pwsh.exe'), program('Programs/PowerShell/10/pwsh.exe')];
    const own = program('own/pwsh.exe');
    const registry = said({ '!ProgramFilesDir': path.join(folder, 'Programs') });
    expect([six, ten]).toContain(find('pwsh', { PATH: folder }, { ...AS_PERSON, registry }));
    expect(find('pwsh', { PATH: folder }, { ...AS_PERSON, registry })).toBe(ten);
    const named = said({ '\\App Paths\\pwsh.exe!': `"${own}"` });
    expect(find('pwsh', { PATH: folder }, { ...AS_PERSON, registry: named })).toBe(own);
    expect(find('pwsh', { PATH: folder }, AS_PERSON)).toBe(onPath);
  });

  it('passes over what others can change, for SYSTEM', async () => {
    const loose = program('loose/pwsh.exe');
    await openedToAll(path.dirname(loose));
    const environment = { PATH: path.dirname(loose) };
    expect(find('pwsh', environment, AS_PERSON)).toBe(loose);
    expect(findWindowsShell('pwsh', environment, { ...AS_SYSTEM, registry: NO_REGISTRY })).toMatchObject({
      found: false,
      passedOver: expect.stringContaining(loose),
    });
  });
});
