import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { POWERSHELL_BOOTSTRAP } from './powershell.ts';
import { cmdArgumentsInUtf8, invocation } from './shell.ts';

const LARGE = `# ${'x'.repeat(1024 * 1024)}`;

describe('elsewhere than on Windows', () => {
  it('gives each shell its script as one argument', () => {
    expect(invocation('sh', 'echo "hi"', 'linux')).toEqual({ file: 'sh', args: ['-c', 'echo "hi"'], stdin: null });
    expect(invocation('cmd', 'echo hi', 'linux')).toEqual({ file: 'cmd', args: ['/C', 'echo hi'], stdin: null });
    expect(invocation('powershell', "'日本'", 'linux')).toEqual({
      file: 'powershell',
      args: ['-NoProfile', '-NonInteractive', '-Command', "'日本'"],
      stdin: null,
    });
    // The original does not know it: it goes the same way everywhere.
    expect(invocation('pwsh', "'日本'", 'linux')).toEqual(invocation('pwsh', "'日本'", 'win32'));
  });

  it('gives a script that is too large for an argument on standard input', () => {
    expect(invocation('sh', LARGE, 'linux').stdin).toMatch(/^# x+#kanade-tray-end$/);
    const { args, stdin } = invocation('pwsh', LARGE, 'linux');
    expect(args.at(-1)).toBe(POWERSHELL_BOOTSTRAP);
    expect(stdin).toContain('xxx');
  });

  it.skipIf(process.platform === 'win32')('gives it whole or not at all: nothing of a part is run', () => {
    const script = `echo "it's" \\\\ $#; exit 3 ${'# x\n'.repeat(50_000)}`;
    const { args, stdin } = invocation('sh', script, 'linux');
    const run = (input: string) => spawnSync('sh', args, { input, encoding: 'utf8' });
    expect(run(stdin ?? '')).toMatchObject({ status: 3, stdout: "it's \\ 0\n", stderr: '' });
    for (const length of [20, 60_000, (stdin ?? '').length - 1])
      expect(run((stdin ?? '').slice(0, length))).toMatchObject({ status: 1, stdout: '', stderr: '' });
  });

  it('counts bytes, not characters', () => {
    expect(invocation('sh', '日'.repeat(43_690), 'linux').stdin).toBeNull();
    expect(invocation('sh', '日'.repeat(43_691), 'linux').stdin).not.toBeNull();
  });
});

describe('on Windows', () => {
  it('gives PowerShell a fixed command, and any script on standard input', () => {
    const small = invocation('powershell', "'hi'", 'win32');
    expect(small.args).toEqual(['-NoProfile', '-NonInteractive', '-Command', POWERSHELL_BOOTSTRAP]);
    expect(small.args).toEqual(invocation('pwsh', LARGE, 'win32').args);
    expect(small.stdin).toBe("'hi'~\n");
  });

  it('gives cmd one line as it is', () => {
    const args = ['/S', '/C', '"dir "C:\\Program Files""'];
    for (const script of ['dir "C:\\Program Files"', 'dir "C:\\Program Files"\r\n', '\ndir "C:\\Program Files"\n\n'])
      expect(invocation('cmd', script, 'win32')).toEqual({ file: 'cmd', args, stdin: null });
  });

  it('lets cmd say in UTF-8 what its code page has not', () => {
    const { args } = invocation('cmd', 'echo "日本"', 'win32');
    expect(cmdArgumentsInUtf8(args)).toEqual(['/S', '/C', '"chcp 65001>nul&echo "日本""']);
  });

  it('gives cmd several lines as a batch file', () => {
    const batch = 'echo 1\r\n\r\necho 2\r\n';
    for (const script of ['echo 1\n\necho 2', '\necho 1\r\n\r\necho 2\r\n\r\n'])
      expect(invocation('cmd', script, 'win32')).toEqual({ file: 'cmd', args: [], stdin: null, batch });
  });
});
