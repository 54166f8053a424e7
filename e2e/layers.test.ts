/** How the files of the product hang together: the layers, the form of files, and where the time of day is asked. */
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { longFiles, toText, unusedPermissions, violations } from '../test/support/layer-checker.ts';
import { tempDir } from '../test/support/temp.ts';
import { withSection } from '../tools/docs/contributing.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const MAX_LINES = 300;

function tree(files: Record<string, string>): string {
  const root = tempDir();
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  return root;
}

function found(files: Record<string, string>): string[] {
  return violations(tree(files)).map(toText);
}

describe('this product', () => {
  test('keeps the rules of who may import whom', () => {
    expect(violations(ROOT).map(toText)).toEqual([]);
  });

  test('allows nothing that nobody needs', () => {
    expect(unusedPermissions(ROOT)).toEqual([]);
  });

  test('says them in CONTRIBUTING.md as they are (`npm run docs` brings it up to date)', () => {
    const text = readFileSync(join(ROOT, 'CONTRIBUTING.md'), 'utf8');
    expect(text).toBe(withSection(text));
  });

  test('begins each file with what it is for, but a test that stands beside its file', () => {
    const files = globSync('{src,e2e,test,scripts,tools,bench}/**/*.{ts,tsx,mjs}', { cwd: ROOT });
    const without = files.filter(
      (file) => !/^(src|test).*\.test\.ts$/.test(file) && !readFileSync(join(ROOT, file), 'utf8').startsWith('/**'),
    );
    expect(without).toEqual([]);
  });

  test('names files that have grown long, as a warning', () => {
    for (const { file, lines } of longFiles(ROOT, MAX_LINES)) console.warn(`${file} has ${lines} lines: split it`);
  });
});

/** Where a time of day is shown, written down or part of a name, and so asked for. */
const ASKS_THE_TIME = [
  'src/base/clock.ts',
  'src/base/timeline.ts',
  'src/client/agent-connection.ts',
  'src/main/app-shell.ts',
  'src/main/host.ts',
  'src/platform/process-tree.ts',
  'src/renderer/data/hooks.ts',
  'src/renderer/data/store.ts',
  'src/renderer/parts/announcer.tsx',
  'src/renderer/parts/run-inside.tsx',
  'src/renderer/screens/helpdesk.tsx',
  'src/renderer/screens/status.tsx',
  'src/renderer/screens/support.tsx',
  'src/setup/give-back.ts',
  'src/setup/hand-over.ts',
  'src/setup/put-files.ts',
];

test('a clock that is set changes no duration: nothing is reckoned with a time of day but where one is shown', () => {
  const files = globSync('src/**/*.{ts,tsx}', { cwd: ROOT, exclude: (name) => name.includes('.test.') });
  const asking = files.filter((file) => readFileSync(join(ROOT, file), 'utf8').includes('Date.now()'));
  expect(asking.map((file) => file.replaceAll('\\', '/')).sort()).toEqual(ASKS_THE_TIME);
  for (const file of asking) {
    // A moment that is compared with now is a limit.
    expect(readFileSync(join(ROOT, file), 'utf8'), file).not.toMatch(/(?<!=)[<>] Date\.now\(\)|Date\.now\(\) [<>]/);
  }
});

describe('the checker', () => {
  test('names file, line and rule of an import that goes up the layers', () => {
    const files = {
      'src/agent/run/runner.ts': 'export const run = 1;\n',
      'src/agent/store/open.ts': "// one\nimport { run } from '../run/runner.ts';\nexport const open = run;\n",
    };
    expect(found(files)).toEqual([
      'src/agent/store/open.ts:2: src/agent/store must not import src/agent/run (../run/runner.ts)',
    ]);
  });

  test('allows what goes down, what is shared, and the own layer', () => {
    const files = {
      'src/shared/states.ts': "import { z } from 'zod';\nexport const states = z;\n",
      'src/base/clock.ts': "import { states } from '../shared/states.ts';\nexport const clock = states;\n",
      'src/agent/results/time.ts': 'export const time = 1;\n',
      'src/agent/results/command.ts':
        "import { clock } from '../../base/clock.ts';\nimport { time } from './time.ts';\nexport const all = [clock, time];\n",
      'src/agent/runtime.ts': "import { all } from './results/command.ts';\nexport const runtime = all;\n",
    };
    expect(found(files)).toEqual([]);
  });

  test.each([
    ['electron', 'src/base/a.ts', 'src/main, src/preload'],
    ['@nats-io/transport-node', 'src/agent/ship/a.ts', 'src/agent/bus'],
    ['better-sqlite3', 'src/agent/status/a.ts', 'src/agent/store'],
    ['koffi', 'src/agent/run/a.ts', 'src/platform'],
    ['smol-toml', 'src/agent/wire/a.ts', 'src/agent/config, src/setup'],
    ['react-dom/client', 'src/main/a.ts', 'src/renderer'],
  ])('keeps %s out of %s', (name, file, only) => {
    expect(found({ [file]: `import * as a from '${name}';\nexport const b = a;\n` })).toEqual([
      `${file}:1: must not import ${name}: only ${only} may`,
    ]);
  });

  test('keeps child processes to those who may start them, by folder or by file', () => {
    const text = "import { spawn } from 'node:child_process';\nexport const start = spawn;\n";
    expect(
      found({ 'src/agent/run/a.ts': text, 'src/client/own-account.ts': text, 'src/main/launch-node.ts': text }),
    ).toEqual([]);
    expect(found({ 'src/agent/duties/heartbeat.ts': text, 'src/main/tray.ts': text })).toHaveLength(2);
  });

  test('keeps Node out of the window and out of what is shared', () => {
    const text = "import { join } from 'node:path';\nexport const a = join;\n";
    expect(found({ 'src/renderer/a.tsx': text, 'src/shared/a.ts': text })).toHaveLength(2);
  });

  test('sees type imports, re-exports and dynamic imports', () => {
    const files = {
      'src/agent/bus/api.ts': 'export type Bus = 1;\n',
      'src/base/a.ts': "import type { Bus } from '../agent/bus/api.ts';\nexport type A = Bus;\n",
      'src/base/b.ts': "export { Bus } from '../agent/bus/api.ts';\nexport const b = 1;\n",
      'src/base/c.ts': "export const c = () => import('../agent/bus/api.ts');\n",
    };
    expect(found(files).map((text) => text.split(':')[0])).toEqual(['src/base/a.ts', 'src/base/b.ts', 'src/base/c.ts']);
  });

  test('knows no exception: a folder or a package that the tables do not name is a violation', () => {
    expect(found({ 'src/helpers/a.ts': 'export const a = 1;\n' })).toEqual([
      'src/helpers/a.ts:1: is in no layer of the table',
    ]);
    expect(found({ 'src/base/a.ts': "import lodash from 'lodash';\nexport const a = lodash;\n" })).toEqual([
      'src/base/a.ts:1: imports lodash, which is in no rule of the table',
    ]);
    expect(found({ 'src/base/a.ts': "import { t } from '../../e2e/t.ts';\nexport const a = t;\n" })).toEqual([
      'src/base/a.ts:1: must not import e2e/t.ts, which is in no layer of the table',
    ]);
  });

  test('finds default exports and barrels', () => {
    const files = {
      'src/agent/run/a.ts': 'export const b = 1;\nexport default b;\n',
      'src/agent/run/index.ts': 'export const c = 1;\n',
      'src/agent/run/all.ts': "export * from './a.ts';\n",
      'src/agent/run/part.ts': "export { b } from './a.ts';\nexport const own = 1;\n",
    };
    expect(found(files)).toEqual([
      'src/agent/run/a.ts:2: has a default export',
      'src/agent/run/all.ts:1: is a barrel: import from where things are',
      'src/agent/run/index.ts:1: is a barrel: import from where things are',
    ]);
  });

  test('finds circles, those of types as well, and names their files', () => {
    const files = {
      'src/base/a.ts': "import { c } from './c.ts';\nexport const a = c;\n",
      'src/base/b.ts': "import { a } from './a.ts';\nexport const b = a;\n",
      'src/base/c.ts': "import { b } from './b.ts';\nexport const c = b;\n",
    };
    expect(found(files)).toEqual([
      'src/base/b.ts:1: imports in a circle: src/base/a.ts → src/base/c.ts → src/base/b.ts → src/base/a.ts',
    ]);
    const typesOnly = {
      ...files,
      'src/base/b.ts': "import type { a } from './a.ts';\nexport const b = 1 as typeof a;\n",
    };
    expect(found(typesOnly)).toEqual(found(files));
  });

  test('names a permission as unused until a file makes use of it', () => {
    const unused = (files: Record<string, string>) =>
      unusedPermissions(tree(files)).filter(
        (text) => text.startsWith('src/client ') || text.startsWith('src/platform '),
      );
    const own = 'src/client/own-account.ts';
    expect(unused({ [own]: 'export const a = 1;\n' })).toContain('src/client may import src/platform');
    expect(unused({ 'src/base/a.ts': 'export const a = 1;\n' })).toContain('src/client has no file');
    const files = {
      'src/platform/accounts.ts': "import type * as koffi from 'koffi';\nexport type A = typeof koffi;\n",
      [own]: "import type { A } from '../platform/accounts.ts';\nexport type B = A;\n",
    };
    const left = unused(files);
    expect(left).not.toContain('src/client may import src/platform');
    expect(left).not.toContain('src/platform may import koffi');
    expect(left).toContain('src/client may import src/base');
  });

  test('names each package of a rule that a folder makes no use of', () => {
    const files = { 'src/renderer/a.tsx': "import { useState } from 'react';\nexport const a = useState;\n" };
    const unused = unusedPermissions(tree(files)).filter((text) => text.startsWith('src/renderer may'));
    expect(unused).not.toContain('src/renderer may import react*');
    expect(unused).toContain('src/renderer may import @fluentui/*');
  });

  test('leaves tests alone', () => {
    expect(found({ 'src/base/a.test.ts': "import 'better-sqlite3';\nexport default 1;\n" })).toEqual([]);
  });
});
