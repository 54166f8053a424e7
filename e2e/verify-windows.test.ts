/**
 * The checklist for a real Windows is PowerShell of the Windows PowerShell 5.1 that runs it there. What it does is tested in
 * `verify-windows/`, by a PowerShell 7.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { Language, type Node, Parser } from 'web-tree-sitter';
import { z } from 'zod';
import { NO_PWSH, PWSH, runPowerShell } from '../test/support/powershell.ts';

const SCRIPTS = join(import.meta.dirname, '..', 'scripts');
const MAIN = join(SCRIPTS, 'verify-windows.ps1');
const PARTS = readdirSync(join(SCRIPTS, 'verify-windows')).map((name) => join(SCRIPTS, 'verify-windows', name));
const FILES = [MAIN, ...PARTS].map((path) => ({ path, name: basename(path), bytes: readFileSync(path) }));
const textOf = (bytes: Buffer) => bytes.toString('utf8').replace(/^\uFEFF/, '');
const text = textOf(readFileSync(MAIN));

async function parsed(script: string): Promise<Node> {
  await Parser.init();
  const grammar = createRequire(import.meta.url).resolve('tree-sitter-powershell/tree-sitter-powershell.wasm');
  const parser = new Parser();
  parser.setLanguage(await Language.load(grammar));
  const tree = parser.parse(script);
  if (tree === null) throw new Error('no tree');
  return tree.rootNode;
}

/** Where the grammar could not go on. */
function syntaxErrorsOf(node: Node): string[] {
  const own = node.isError || node.isMissing ? [`line ${node.startPosition.row + 1}: ${node.text.slice(0, 40)}`] : [];
  return [...own, ...node.children.flatMap((child) => (child === null ? [] : syntaxErrorsOf(child)))];
}

describe.each(FILES)('$name', ({ bytes }) => {
  it('is PowerShell from the first to the last line', async () => {
    expect(syntaxErrorsOf(await parsed(textOf(bytes)))).toEqual([]);
    expect(syntaxErrorsOf(await parsed(textOf(bytes).replace(/\{\n/, '(\n')))).not.toEqual([]);
  });

  it('begins with a byte order mark, without which Windows PowerShell 5.1 reads another encoding', () => {
    expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
  });
});

it('explains each of its parameters, and none that is not there', () => {
  const block = text.slice(text.indexOf('param('), text.indexOf('Set-StrictMode'));
  const parameters = Array.from(block.matchAll(/\$(\w+)(?: =|,|\s*\n?\))/g), (match) => match[1]);
  const explained = Array.from(text.matchAll(/^\.PARAMETER (\w+)$/gm), (match) => match[1]);
  expect(explained).toEqual(parameters);
});

it('reads each of its parts', () => {
  const read = Array.from(
    /foreach \(\$part in ([^)]+)\)/.exec(text)?.[1]?.matchAll(/'([\w-]+)'/g) ?? [],
    ([, name]) => name,
  );
  expect(read.map((name) => `${name}.ps1`).sort()).toEqual(PARTS.map((path) => basename(path)).sort());
});

/** Commands that Windows PowerShell 5.1 has as well, with the parameters that it knows of each. */
const OF_5_1: Readonly<Record<string, string>> = {
  'Add-Member': 'Force NotePropertyName NotePropertyValue',
  'Add-Type': 'OutputAssembly OutputType TypeDefinition',
  'ConvertFrom-Json': '',
  'ConvertTo-Json': 'Compress Depth InputObject',
  'Copy-Item': 'Destination LiteralPath',
  'ForEach-Object': '',
  'Get-Acl': 'LiteralPath',
  'Get-AuthenticodeSignature': 'LiteralPath',
  'Get-ChildItem': 'Directory File Filter Force LiteralPath',
  'Get-CimInstance': 'ClassName Filter',
  'Get-Command': 'CommandType ErrorAction Name',
  'Get-Date': '',
  'Get-FileHash': 'LiteralPath',
  'Get-Item': 'LiteralPath',
  'Get-ItemProperty': 'ErrorAction LiteralPath',
  'Get-Process': 'ErrorAction Id Name',
  'Get-ScheduledTask': 'ErrorAction TaskName',
  'Get-ScheduledTaskInfo': 'TaskName',
  'Get-Service': 'ErrorAction Name',
  'Get-Variable': 'Name ValueOnly',
  'Get-WinEvent': 'ErrorAction FilterHashtable MaxEvents',
  'Invoke-CimMethod': 'InputObject MethodName',
  'Join-Path': '',
  'New-Item': 'Force ItemType Path Value',
  'New-ItemProperty': 'LiteralPath Name Value',
  'New-Object': 'ComObject',
  'New-ScheduledTaskAction': 'Argument Execute',
  'New-ScheduledTaskPrincipal': 'LogonType RunLevel UserId',
  'New-ScheduledTaskSettingsSet': 'AllowStartIfOnBatteries DontStopIfGoingOnBatteries',
  'Out-Null': '',
  'Read-Host': '',
  'Register-ScheduledTask': 'Action Principal Settings TaskName',
  'Remove-CimInstance': 'ErrorAction',
  'Remove-Item': 'LiteralPath',
  'Remove-ItemProperty': 'ErrorAction LiteralPath Name',
  'Restart-Service': 'Force Name',
  'Select-Object': 'First Last',
  'Set-Content': 'LiteralPath Value',
  'Set-ItemProperty': 'LiteralPath Name Type Value',
  'Set-StrictMode': 'Version',
  'Sort-Object': 'Unique',
  'Split-Path': 'Leaf',
  'Start-ScheduledTask': 'TaskName',
  'Start-Sleep': 'Milliseconds Seconds',
  'Stop-Process': 'ErrorAction Force Id',
  'Test-Path': 'LiteralPath PathType',
  'Unregister-ScheduledTask': 'Confirm TaskName',
  'Where-Object': '',
  'Write-Host': '',
  'Write-Verbose': '',
};

const Uses = z.array(
  z.object({
    file: z.string(),
    errors: z.array(z.string()),
    newer: z.array(z.string()),
    functions: z.array(z.string()),
    commands: z.array(z.object({ name: z.string(), parameters: z.array(z.string()) })),
    names: z.array(z.object({ function: z.string(), names: z.array(z.string()) })),
    shared: z.array(z.string()),
  }),
);

function usesOf(files: readonly string[]): z.infer<typeof Uses> {
  const directory = mkdtempSync(join(tmpdir(), 'verify-windows-'));
  try {
    const results = join(directory, 'uses.json');
    const script = join(import.meta.dirname, 'verify-windows', 'used-commands.ps1');
    const { code, output } = runPowerShell(script, ['-Files', files.join(','), '-Results', results]);
    if (code !== 0) throw new Error(output);
    return Uses.parse(JSON.parse(readFileSync(results, 'utf8')));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

describe.skipIf(PWSH === null)(`what it uses${PWSH === null ? ` (${NO_PWSH})` : ''}`, () => {
  let uses: z.infer<typeof Uses> = [];
  beforeAll(() => {
    uses = usesOf(FILES.map(({ path }) => path));
  });

  it('no syntax that Windows PowerShell 5.1 does not have', () => {
    expect(uses.flatMap(({ errors, newer }) => [...errors, ...newer])).toEqual([]);
    const [newer] = usesOf([join(import.meta.dirname, '..', 'test', 'fixtures', 'only-powershell-7.ps1')]);
    expect(newer?.newer.sort()).toEqual(
      ['$a ? 1 : 2', '&&', '??', '??=', '?.', '?[', 'Get-Date && Get-Date', 'Get-Date || Get-Date', '||'].sort(),
    );
  });

  it('no command and no parameter that Windows PowerShell 5.1 does not have', () => {
    const own = new Set(uses.flatMap(({ functions }) => functions));
    const foreign = uses.flatMap(({ commands }) => commands).filter(({ name }) => !own.has(name));
    const unknown = foreign.flatMap(({ name, parameters }) => {
      const known = OF_5_1[name]?.split(' ');
      if (known === undefined) return [name];
      return parameters.filter((parameter) => !known.includes(parameter)).map((parameter) => `${name} -${parameter}`);
    });
    expect(unknown).toEqual([]);
  });

  it('no function hides a variable that all of them share', () => {
    const shared = new Set(['verify', ...uses.flatMap((use) => use.shared.map((name) => name.toLowerCase()))]);
    const hidden = uses.flatMap(({ names }) =>
      names.flatMap((each) =>
        each.names.filter((name) => shared.has(name.toLowerCase())).map((name) => `${each.function}: ${name}`),
      ),
    );
    expect(hidden).toEqual([]);
  });
});
