/**
 * What an operator writes for `cmd` is what runs: one line does what plain `cmd /C` does, several lines do what the same batch file
 * does. The table is `cmd-cases.txt`: `%% name`, the text (`#CR#` is one), `=> exit code`, and what it says. `=> code [wine]` is
 * what wine's own cmd does; where it stands alone, nobody has seen yet what Windows does. Only on Windows, or under wine.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeRunner } from '../../src/agent/run/make-runner.ts';
import { startScript } from '../../src/agent/run/script-runner.ts';
import { tempDir } from '../../test/support/temp.ts';

interface CmdCase {
  readonly name: string;
  readonly script: string;
  readonly onWindows: Expected | undefined;
  readonly underWine: Expected | undefined;
}

interface Expected {
  readonly code: number;
  readonly stdout: string;
  /** Null: whatever it says there. */
  readonly stderr: string | null;
}

const IS_WINE = (process.env.KANADE_TEST_WINE ?? '') !== '';
const CASES = readFileSync(join(import.meta.dirname, 'cmd-cases.txt'), 'utf8')
  .replaceAll('\r\n', '\n')
  .split(/^%% /m)
  .slice(1)
  .map(caseOf);

function caseOf(text: string): CmdCase {
  const [head = '', ...blocks] = text.replace(/\n$/, '').split(/\n=> /);
  const [name = '', ...lines] = head.split('\n');
  const ofWine = blocks.find((block) => /^-?\d+ \[wine\]/.test(block));
  const ofWindows = blocks.find((block) => block !== ofWine);
  return {
    name,
    script: lines.join('\n').replaceAll('#CR#', '\r'),
    onWindows: ofWindows === undefined ? undefined : expectedOf(ofWindows),
    underWine: ofWine === undefined ? undefined : expectedOf(ofWine),
  };
}

function expectedOf(block: string): Expected {
  const [head = '', ...lines] = block.split('\n');
  const errors = lines.filter((line) => line.startsWith('=! ')).map((line) => `${line.slice(3)}\r\n`);
  const output = lines.filter((line) => !line.startsWith('=! ')).map((line) => `${line}\r\n`);
  return {
    code: Number.parseInt(head, 10),
    stdout: output.join(''),
    stderr: errors.length > 0 ? errors.join('') : null,
  };
}

let runs = 0;

async function ourWay(script: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const runner = makeRunner({
    env: process.env,
    maxOutputBytes: 1024 * 1024,
    priority: 'normal',
    directory: tempDir(),
  });
  const marker = `cmd-case-${process.pid}-${runs++}`;
  const { done } = startScript({ marker, shell: 'cmd', script, cwd: null, runAs: 'system', timeoutSecs: 50 }, runner);
  const { outcome, stdout, stderr } = await done;
  return { code: outcome.kind === 'exited' ? outcome.code : null, stdout: stdout.text, stderr: stderr.text };
}

/** As somebody at the PC would run it: a line as it is, several lines as a file. */
function plainly(script: string): { code: number | null; stdout: Buffer; stderr: Buffer } {
  let command = script;
  if (script.includes('\n')) {
    command = join(tempDir(), 'script.cmd');
    writeFileSync(command, `${script.split(/\r?\n/).join('\r\n')}\r\n`);
  }
  const options = { windowsVerbatimArguments: true, windowsHide: true, input: '' };
  const { status, stdout, stderr } = spawnSync('cmd', ['/Q', '/S', '/C', `"${command}"`], options);
  return { code: status === null ? null : status | 0, stdout, stderr };
}

describe('the table for cmd', () => {
  it('holds at least 60 scripts, each by a name of its own', () => {
    const names = CASES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(60);
    expect(CASES.filter(({ onWindows, underWine }) => onWindows === undefined && underWine === undefined)).toEqual([]);
  });
});

describe.runIf(process.platform === 'win32')('a script for cmd', () => {
  it.each(CASES.map((each) => [each.name, each] as const))('%s', async (_, { script, onWindows, underWine }) => {
    const ours = await ourWay(script);
    const expected = IS_WINE ? (underWine ?? onWindows) : onWindows;
    if (expected !== undefined)
      expect({ ...ours, stderr: expected.stderr === null ? null : ours.stderr }).toEqual(expected);
    // Of text in another code page plain cmd makes something else.
    if (/^[\x20-\x7e\r\n]*$/.test(script)) {
      const plain = plainly(script);
      expect(ours).toEqual({
        ...plain,
        stdout: plain.stdout.toString('latin1'),
        stderr: plain.stderr.toString('latin1'),
      });
    }
  });

  it('may be one line of 8,000 characters', async () => {
    const text = 'x'.repeat(8_000);
    expect(await ourWay(`echo ${text}`)).toEqual({ code: 0, stdout: `${text}\r\n`, stderr: '' });
  });

  it('may be 2,000 lines', async () => {
    const { code, stdout } = await ourWay(`${'rem a line that does nothing\n'.repeat(2_000)}echo the last\nexit /b 5`);
    expect([code, stdout]).toEqual([5, 'the last\r\n']);
  });

  it('is refused where no command line is long enough for it', async () => {
    expect((await ourWay(`echo ${'x'.repeat(33_000)}`)).code).toBeNull();
  });
});
