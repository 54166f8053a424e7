/** The checklist for a real Windows is PowerShell, as its grammar says; no PowerShell has run it where this is tested. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Language, type Node, Parser } from 'web-tree-sitter';

const bytes = readFileSync(join(import.meta.dirname, '..', 'scripts', 'verify-windows.ps1'));
const text = bytes.toString('utf8').replace(/^\uFEFF/, '');

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
function faultsOf(node: Node): string[] {
  const own = node.isError || node.isMissing ? [`line ${node.startPosition.row + 1}: ${node.text.slice(0, 40)}`] : [];
  return [...own, ...node.children.flatMap((child) => (child === null ? [] : faultsOf(child)))];
}

it('is PowerShell from the first to the last line', async () => {
  expect(faultsOf(await parsed(text))).toEqual([]);
  expect(faultsOf(await parsed(text.replace('finally {', 'finally (')))).not.toEqual([]);
});

it('begins with a byte order mark, without which Windows PowerShell 5.1 reads another encoding', () => {
  expect([...bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
});

it('explains each of its parameters, and none that is not there', () => {
  const block = text.slice(text.indexOf('param('), text.indexOf('Set-StrictMode'));
  const parameters = Array.from(block.matchAll(/\$(\w+)(?: =|,|\s*\n?\))/g), (match) => match[1]).filter(
    (name) => name !== 'true',
  );
  const explained = Array.from(text.matchAll(/^\.PARAMETER (\w+)$/gm), (match) => match[1]);
  expect(explained).toEqual(parameters);
});

it('names each check once', () => {
  const names = Array.from(text.matchAll(/^\s*Check '([^']+)'/gm), (match) => match[1]);
  expect(names.length).toBeGreaterThan(20);
  expect(new Set(names).size).toBe(names.length);
});
