import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import type { Parameters } from './command-line.ts';
import { Layout } from './layout.ts';
import { type UninstallInput, uninstall } from './uninstall.ts';

/** A PC with the product; what is `held` belongs to a program that is nobody's to end. */
class Pc {
  readonly root = tempDir();
  readonly layout = new Layout(join(this.root, 'program'));
  readonly entry = join(this.root, 'Kanade Tray.lnk');
  readonly held = new Set<string>();
  readonly done: string[] = [];
  readonly values = new Map<string, string>();

  constructor() {
    const shown = ['bin/Kanade Tray.exe', 'uninstall.exe', 'uninstall.exe.17.old', 'current.json'];
    for (const name of [...shown, 'versions/1.0.0/app/a.exe', 'versions/1.0.0/node/node.exe', 'private/current.json']) {
      mkdirSync(join(this.layout.root, name, '..'), { recursive: true });
      writeFileSync(join(this.layout.root, name), '');
    }
    writeFileSync(this.entry, '');
  }

  uninstall(parameters: Parameters = {}): Promise<number> {
    const name = (path: string) => relative(this.root, path);
    const mustBeFree = (path: string) => {
      if (this.held.has(name(path))) throw new Error('somebody has it open');
    };
    const nothing = () => {};
    const system = {
      serviceState: () => 'absent',
      removeService: nothing,
      removeKey: (key: string) => void this.done.push(`key ${key.split('\\').at(-1)}`),
      removeKeyIfEmpty: nothing,
      removeValue: (_key: string, each: string) => void this.values.delete(each),
      writeValues: nothing,
      programsBelow: () => [],
      secureDirectory: (path: string) => void this.done.push(`shut ${name(path)}`),
      insist: <T>(_path: string, work: () => T): T => work(),
      shutFile: (path: string) => {
        mustBeFree(path);
        this.done.push(`shut ${name(path)}`);
      },
      removeTree: (from: string, ...steps: readonly string[]) => {
        const path = join(from, ...steps);
        if (relative(this.root, path).startsWith('..')) throw new Error(`${path} is not of this test`);
        mustBeFree(path);
        rmSync(path, { recursive: true, force: true });
        return true;
      },
    };
    const at = (each: string) => join(this.root, each);
    const places = { config: at('config'), data: at('data'), logs: at('logs'), agentDir: at('data/kanade-tray') };
    return uninstall({
      system,
      talk: null,
      log: { say: nothing },
      layout: this.layout,
      parameters,
      directories: { ...places, machineConfig: null, dataFromEnvironment: false },
      entry: this.entry,
      profiles: at('profiles'),
    } as unknown as UninstallInput);
  }
}

it('a purge takes every secret of ours, unless they are to stay', async () => {
  const all = ['NatsToken', 'NatsUser', 'NatsPassword', 'HelpdeskCodeHash', 'CommandKeys', 'RequireSignedCommands'];
  const left = async (parameters: Parameters) => {
    const pc = new Pc();
    for (const name of [...all, 'OfTheOriginal']) pc.values.set(name, 'x');
    expect(await pc.uninstall(parameters)).toBe(0);
    return [...pc.values.keys()];
  };
  expect(await left({ PURGE: true })).toEqual(['OfTheOriginal']);
  expect(await left({ PURGE: true, KEEPSECRETS: true })).toHaveLength(all.length + 1);
  expect(await left({})).toHaveLength(all.length + 1);
});

const SHOWN = ['program/current.json', 'Kanade Tray.lnk', 'program/uninstall.exe', 'program/uninstall.exe.17.old'];

it('takes away all that people may read, each shut before, and leaves the uninstaller what nobody else can open', async () => {
  const pc = new Pc();
  expect(await pc.uninstall()).toBe(0);
  for (const file of SHOWN) {
    expect(pc.done, file).toContain(`shut ${file}`);
    expect(existsSync(join(pc.root, file)), file).toBe(false);
  }
  expect(existsSync(pc.layout.bin)).toBe(false);
  expect(existsSync(join(pc.layout.directoryOf('1.0.0'), 'app'))).toBe(false);
  expect(existsSync(join(pc.layout.directoryOf('1.0.0'), 'node'))).toBe(true);
});

it.each([...SHOWN, 'program/bin', 'program/versions/1.0.0/app'])(
  'ends with 1603 where somebody holds %s, and can be asked for again',
  async (file) => {
    const pc = new Pc();
    pc.held.add(file);
    await expect(pc.uninstall()).rejects.toMatchObject({ code: 1603, message: expect.stringContaining('holds it') });
    // The list of apps still has it.
    expect(pc.done.filter((each) => each.startsWith('key'))).toEqual([]);
    expect(existsSync(join(pc.root, file))).toBe(true);
    pc.held.clear();
    expect(await pc.uninstall()).toBe(0);
    expect(SHOWN.filter((each) => existsSync(join(pc.root, each)))).toEqual([]);
  },
);
