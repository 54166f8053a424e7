import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import { COMPILED_DIRECTORY } from '../platform/compile-cache.ts';
import { PASSABLE_TREE, PRIVATE_TREE, READ_ONLY_TREE, READABLE_PROGRAM } from '../platform/windows/access.ts';
import { StillHeld } from '../platform/windows/holders.ts';
import type { Inside } from '../platform/windows/secure-directory.ts';
import { filesBelow } from './files.ts';
import { Layout } from './layout.ts';
import type { InstallInput, Plan } from './plan.ts';
import { openPrograms, putPrograms, putVersion, showVersion } from './put-files.ts';
import { Transaction } from './transaction.ts';

const VERSION = '1.1.0';

/** A PC with the files of a set-up on it; what is `held` belongs to a program that is nobody's to end. */
class Pc {
  readonly layout = new Layout(join(tempDir(), 'program'));
  readonly staged = join(tempDir(), 'staged');
  readonly held = new Set<string>();
  readonly said: string[] = [];
  readonly access: [path: string, sddl: string, deep: boolean][] = [];
  /** What nobody can have a lock on any more. */
  readonly freed: string[] = [];

  constructor() {
    mkdirSync(this.layout.versionsDirectory, { recursive: true });
    for (const part of ['app/resources/app.asar', 'agent/main.js', 'node/node.exe'])
      this.put(this.staged, `tree/${part}`, part);
    for (const program of ['bin/Kanade Tray.exe', 'uninstall.exe', 'private/kanade-tray-agent.exe'])
      this.put(this.staged, `root/${program}`, 'new');
  }

  put(directory: string, name: string, text: string): void {
    mkdirSync(join(directory, name, '..'), { recursive: true });
    writeFileSync(join(directory, name), text);
  }

  text(name: string): string {
    return readFileSync(join(this.layout.root, name), 'utf8');
  }

  get input(): InstallInput {
    const name = (path: string) => relative(this.layout.root, path);
    const system = {
      secureDirectory: (path: string, sddl: string, { deep }: Inside) =>
        void this.access.push([name(path), sddl, deep]),
      giveAccess: (path: string, sddl: string, { deep }: Inside) => void this.access.push([name(path), sddl, deep]),
      shutFile: (path: string) => {
        if (this.held.has(name(path))) throw new StillHeld('somebody has it open');
        this.freed.push(name(path));
      },
      freeFile: (path: string) => void this.freed.push(name(path)),
      insist: <T>(_path: string, work: () => T): T => work(),
      programsBelow: () => [],
    };
    const log = { say: (line: string) => void this.said.push(line) };
    const { layout, staged } = this;
    return { layout, staged, version: VERSION, log, system } as unknown as InstallInput;
  }

  transaction(): Transaction {
    return new Transaction(this.input.log);
  }
}

const planOf = (mode: 'service' | 'tray'): Plan => ({ choices: { mode }, choicesBefore: null }) as unknown as Plan;

async function installed(pc: Pc, mode: 'service' | 'tray'): Promise<void> {
  await putVersion(pc.input, planOf(mode), pc.transaction());
  await putPrograms(pc.input, pc.transaction());
  pc.access.length = 0;
  openPrograms(pc.input, mode);
}

it.each(['service', 'tray'] as const)(
  'in %s mode people may read what they start, and hold nothing else',
  async (mode) => {
    const pc = new Pc();
    await installed(pc, mode);
    const agent = mode === 'tray' ? READ_ONLY_TREE : PASSABLE_TREE;
    const wanted: (typeof pc.access)[number][] = [
      ['private', PRIVATE_TREE, true],
      ['bin', READ_ONLY_TREE, true],
      ['uninstall.exe', READABLE_PROGRAM, false],
      [`versions/${VERSION}`, PASSABLE_TREE, false],
      [`versions/${VERSION}/agent`, agent, true],
      [`versions/${VERSION}/node`, agent, true],
      [`versions/${VERSION}/app`, READ_ONLY_TREE, true],
    ];
    expect(new Set(pc.access)).toEqual(new Set(wanted));
  },
);

it('what people hold of it stays as it was, and is said; what is private is replaced or ends the set-up', async () => {
  const pc = new Pc();
  await installed(pc, 'service');
  for (const program of ['bin/Kanade Tray.exe', 'uninstall.exe', 'private/kanade-tray-agent.exe'])
    pc.put(pc.staged, `root/${program}`, 'newer');
  pc.held.add('bin/Kanade Tray.exe').add('current.json');
  await putPrograms(pc.input, pc.transaction());
  expect(pc.text('bin/Kanade Tray.exe')).toBe('new');
  expect(pc.text('uninstall.exe')).toBe('newer');
  expect(pc.text('private/kanade-tray-agent.exe')).toBe('newer');
  pc.layout.show('1.0.0');
  showVersion(pc.input, VERSION);
  expect(pc.text('current.json')).toBe('{"version":"1.0.0"}\n');
  expect(pc.said.filter((line) => line.startsWith('note:'))).toEqual([
    expect.stringContaining('Kanade Tray.exe stays as it was until the next installation: somebody has it open'),
    expect.stringContaining('current.json stays as it was'),
  ]);
  pc.held.clear();
  showVersion(pc.input, VERSION);
  expect(pc.text('current.json')).toBe(`{"version":"${VERSION}"}\n`);
  expect(pc.access.at(-1)).toEqual(['current.json', READABLE_PROGRAM, false]);
});

it('a version that is there is shut before anything of it is changed, and open again where that is taken back', async () => {
  const pc = new Pc();
  await installed(pc, 'service');
  const again = async (mode: 'service' | 'tray') => {
    for (const part of ['app/resources/app.asar', 'agent/main.js', 'node/node.exe'])
      pc.put(pc.staged, `tree/${part}`, part);
    pc.access.length = 0;
    const transaction = pc.transaction();
    await putVersion(pc.input, planOf(mode), transaction);
    return transaction;
  };
  const shut: (typeof pc.access)[number] = [`versions/${VERSION}`, PRIVATE_TREE, true];
  await again('service');
  expect(pc.access).toEqual([shut]);
  const transaction = await again('tray');
  expect(pc.access).toEqual([shut]);
  expect(pc.text(`versions/${VERSION}/app/resources/host.json`)).toBe('{"host":"tray"}\n');
  await transaction.rollBack();
  expect(pc.text(`versions/${VERSION}/app/resources/host.json`)).toBe('{"host":"service"}\n');
  expect(pc.access).toContainEqual([`versions/${VERSION}/app`, READ_ONLY_TREE, true]);
  pc.put(pc.layout.directoryOf(VERSION), 'agent/main.js', 'damaged');
  await again('service');
  expect(pc.text(`versions/${VERSION}/agent/main.js`)).toBe('agent/main.js');
  expect(pc.access[0]).toEqual(shut);
});

it('a version that is there is read, changed and moved once nobody can have a lock on anything of it', async () => {
  const pc = new Pc();
  await installed(pc, 'service');
  const directory = pc.layout.directoryOf(VERSION);
  const files = filesBelow(directory).map((name) => `versions/${VERSION}/${name}`);
  expect(files).toContain(`versions/${VERSION}/app/resources/app.asar`);
  const again = async (mode: 'service' | 'tray') => {
    for (const part of ['app/resources/app.asar', 'agent/main.js', 'node/node.exe'])
      pc.put(pc.staged, `tree/${part}`, part);
    pc.freed.length = 0;
    await putVersion(pc.input, planOf(mode), pc.transaction());
    return pc.freed;
  };
  expect(await again('service')).toEqual(files);
  expect(await again('tray')).toEqual([...files, `versions/${VERSION}/app/resources/host.json`]);
  pc.put(directory, 'agent/main.js', 'damaged');
  // Once more: who has only a lease on it may read on, and keeps it from being moved.
  expect(await again('tray')).toEqual([...files, ...files]);
  const held = `versions/${VERSION}/app/resources/app.asar`;
  pc.put(directory, 'agent/main.js', 'damaged');
  pc.held.add(held);
  await expect(again('tray')).rejects.toThrow('somebody has it open');
});

it('what an agent has compiled makes no version damaged: nothing of it is replaced, and nobody is ended', async () => {
  const pc = new Pc();
  await installed(pc, 'service');
  const compiled = `agent/${COMPILED_DIRECTORY}/v24-x64/0a1b2c`;
  pc.put(pc.layout.directoryOf(VERSION), compiled, 'bytes of V8');
  const file = join(pc.layout.directoryOf(VERSION), 'agent/main.js');
  const { ino } = statSync(file);
  for (const part of ['app/resources/app.asar', 'agent/main.js', 'node/node.exe'])
    pc.put(pc.staged, `tree/${part}`, part);
  await putVersion(pc.input, planOf('service'), pc.transaction());
  expect(statSync(file).ino).toBe(ino);
  expect(readdirSync(pc.layout.versionsDirectory)).toEqual([VERSION]);
  // A repair leaves none that could be spoilt.
  expect(existsSync(join(pc.layout.directoryOf(VERSION), compiled))).toBe(false);
});
