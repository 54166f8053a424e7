import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { tempDir } from '../../../test/support/temp.ts';
import { findWindowsShell, posixShell } from './find-shell.ts';

let folder: string;
beforeEach(() => {
  folder = tempDir();
});

function program(name: string): void {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, '');
  chmodSync(file, 0o755);
}

describe.skipIf(process.platform === 'win32')('elsewhere than on Windows', () => {
  it('powershell is powershell where there is one', () => {
    program('powershell');
    program('pwsh');
    expect(posixShell('powershell', { PATH: folder })).toBe('powershell');
  });

  it('powershell is else pwsh', () => {
    program('pwsh');
    expect(posixShell('powershell', { PATH: `/nowhere:${folder}` })).toBe('pwsh');
  });

  it('is left to the system for any other shell, and where there is neither', () => {
    expect(posixShell('powershell', { PATH: folder })).toBe('powershell');
    expect(posixShell('sh', {})).toBe('sh');
  });
});

describe.runIf(process.platform === 'win32')('on Windows', () => {
  it('takes the shells that come with Windows from their own place, not from the PATH', () => {
    program('System32/cmd.exe');
    program('cmd.exe');
    const environment = { SystemRoot: folder, Path: folder };
    expect(findWindowsShell('cmd', environment)).toBe(path.join(folder, 'System32', 'cmd.exe'));
  });

  it('takes others from absolute folders of the PATH only', () => {
    program('pwsh.exe');
    expect(findWindowsShell('pwsh', { PATH: `.;"${folder}"` })).toBe(path.join(folder, 'pwsh.exe'));
    expect(findWindowsShell('pwsh', { PATH: '.;' })).toBeNull();
  });
});
