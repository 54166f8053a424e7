/**
 * Where the agent's way does not do what plain `-Command` does, and why; docs/powershell.md says the same to people. A check holds
 * the difference to what is said of it: one that is gone or has become another is a failure too.
 */
import { expect } from 'vitest';
import type { Ended } from './both-ways.ts';

export interface Difference {
  readonly why: string;
  check(plain: Said, ours: Said): void;
}

/** What a process said, as text with line feeds only. */
export interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function said({ code, stdout, stderr }: Ended): Said {
  const text = (bytes: Buffer) => bytes.toString('utf8').replaceAll('\r\n', '\n');
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

/** How a trace shows what the fixed command does after the script. */
const TRACE_OF_FIXED = /^DEBUG: {4}1\+ {1,2}(try\{|>>>> )/;

/** Without a trace of the fixed command: a fresh shell has another one than a shell that was started ahead. */
export function withoutFixed(it: Said): Said {
  const lines = it.stdout.split('\n').filter((line) => !TRACE_OF_FIXED.test(line));
  return { ...it, stdout: lines.join('\n') };
}

/** All is the same but what is written to standard output. */
function saying(plainly: string, here: string): Difference['check'] {
  return (plain, ours) => {
    expect(plain.stdout).toBe(plainly);
    expect(ours).toEqual({ ...plain, stdout: here });
  };
}

export const DIFFERENCES: Readonly<Record<string, Difference>> = {
  flow: {
    why: 'break or continue without a loop leaves the fixed command too, and with it the failure that came before',
    check: (plain, ours) => {
      expect(plain.code).toBe(1);
      expect(ours).toEqual({ ...plain, code: 0 });
    },
  },
  unfinished: {
    why: 'of an error at the very end of a text plain PowerShell 7.6 says nothing but the code 1; here it is told',
    check: (plain, ours) => {
      expect(plain).toEqual({ code: 1, stdout: '', stderr: '' });
      expect(ours).toEqual({
        ...plain,
        stderr: expect.stringMatching(/^(ParserError: \nLine \|\n|At line:\d+ char:\d+\n)(.*\n)+$/),
      });
    },
  },
  'call stack': {
    why: 'the fixed command is one more call',
    check: (plain, ours) => expect(ours).toEqual({ ...plain, stdout: `${Number(plain.stdout) + 1}\n` }),
  },
  'stack trace': {
    why: 'the fixed command is one more call',
    check: (plain, ours) => {
      expect(ours.stdout.startsWith(plain.stdout)).toBe(true);
      expect(ours).toEqual({ ...plain, stdout: `${plain.stdout}at <ScriptBlock>, <No file>: line 1\n` });
    },
  },
  'stack traces in the middle': {
    why: 'the fixed command is one more call',
    check: (plain, ours) => {
      const once = ours.stdout
        .replace(/(at <ScriptBlock>, <No file>: line 1)\n +at <ScriptBlock>, <No file>: line 1\n/g, '$1\n')
        .replaceAll(' <ScriptBlock> <ScriptBlock>', ' <ScriptBlock>');
      expect(once).not.toBe(ours.stdout);
      expect({ ...ours, stdout: once }).toEqual(plain);
    },
  },
  'default that fails': {
    why: 'the value of a parameter is made before its pipeline: plain says the error in part, here it is lost',
    check: (plain, ours) => {
      expect(plain.stderr).toMatch(/^Cannot find path '.*nope' because it does not exist\.$/);
      expect(ours).toEqual({ ...plain, stderr: '' });
    },
  },
  '$args of an advanced script': {
    why: 'it has none of its own and finds those of the fixed command, which are empty',
    check: saying('True\n', 'False\n'),
  },
  trace: {
    why: 'what the fixed command does after the script is traced too',
    check: (plain, ours) => {
      expect(ours.stdout.startsWith(plain.stdout)).toBe(true);
      const more = ours.stdout.slice(plain.stdout.length).trimEnd().split('\n');
      for (const line of more) expect(line).toMatch(TRACE_OF_FIXED);
      expect({ ...ours, stdout: '' }).toEqual({ ...plain, stdout: '' });
    },
  },
  origin: {
    why: 'the script is called by the fixed command',
    check: saying('Runspace\n', 'Internal\n'),
  },
  'pipeline length': {
    why: 'behind the script stands what gives its exit code',
    check: saying('2\n', '3\n'),
  },
  'code page': {
    why: 'the code page of the console has not these characters, and the fixed command sets UTF-8',
    check: saying('???\n', '日本語\n'),
  },
  'console encoding': {
    why: 'the fixed command sets UTF-8, so that nothing is lost on its way out',
    check: (plain, ours) => {
      expect(plain.stdout).not.toBe('utf-8\n');
      expect(ours).toEqual({ ...plain, stdout: 'utf-8\n' });
    },
  },
};
