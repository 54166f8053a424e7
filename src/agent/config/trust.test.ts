import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { noMountsHere, readOnly } from '../../../test/support/mounts.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { givenToSomebody, openedToAll, wineTempDir } from '../../../test/support/wine-files.ts';
import type { Hosting } from '../../shared/states.ts';
import { type Distrust, distrusted, distrustedData } from './trust.ts';

const SOMEBODY = 12_345;
const isRoot = process.getuid?.() === 0;
const noMounts = noMountsHere();

/** A PC of its own, with settings and data. */
function pc(root = tempDir()) {
  const [config, data] = [join(root, 'etc'), join(root, 'var')];
  const agentDir = join(data, 'kanade-tray');
  for (const each of [config, agentDir]) mkdirSync(each, { recursive: true, mode: 0o755 });
  const file = join(config, 'agent.toml');
  writeFileSync(file, '');
  const directories = {
    config,
    data,
    agentDir,
    logs: join(root, 'logs'),
    machineConfig: null,
    dataFromEnvironment: false,
  };
  const check = (startedAs: Hosting = 'service', dataAnswers = true): Distrust | null =>
    distrusted({ startedAs, directories, files: [file], program: import.meta.dirname, dataAnswers });
  return { root, config, data, agentDir, file, directories, check };
}

it.runIf(process.platform !== 'win32')('what only root or our own account can change is trusted', () => {
  const { check } = pc();
  expect([check('service'), check('headless'), check('tray')]).toEqual([null, null, null]);
});

it.runIf(process.platform !== 'win32')('what is not there yet is not distrusted', () => {
  const { root, directories } = pc();
  const files = [join(root, 'none', 'agent.toml')];
  expect(distrusted({ startedAs: 'service', directories, files, program: '/none', dataAnswers: true })).toBeNull();
});

describe.runIf(process.platform !== 'win32')('not trusted, and by name', () => {
  it.each(['file', 'config', 'data', 'agentDir'] as const)('where everybody may write: %s', (name) => {
    const here = pc();
    chmodSync(here[name], 0o777);
    expect(here.check()).toEqual({ path: here[name], why: 'can be written by everybody' });
    expect(here.check('headless')?.path).toBe(here[name]);
  });

  it.runIf(isRoot).each(['file', 'config', 'data', 'agentDir'] as const)('where it is somebody else’s: %s', (name) => {
    const here = pc();
    chownSync(here[name], SOMEBODY, SOMEBODY);
    expect(here.check()).toEqual({ path: here[name], why: `belongs to user ${SOMEBODY}, who could change it` });
  });

  it.runIf(isRoot)('where a group that is not ours may write', () => {
    const here = pc();
    chmodSync(here.file, 0o664);
    expect(here.check()).toBeNull();
    chownSync(here.file, 0, SOMEBODY);
    expect(here.check()?.why).toBe(`can be written by group ${SOMEBODY}`);
  });

  it.runIf(isRoot)('a link that somebody else has laid down, and what a link of ours leads to', () => {
    const here = pc();
    const link = join(here.config, 'link.toml');
    symlinkSync(here.file, link);
    const check = () =>
      distrusted({
        startedAs: 'headless',
        directories: here.directories,
        files: [link],
        program: '/none',
        dataAnswers: true,
      });
    expect(check()).toBeNull();
    chmodSync(here.file, 0o666);
    expect(check()?.why).toBe('can be written by everybody');
    chmodSync(here.file, 0o644);
    lchownSync(link, SOMEBODY, SOMEBODY);
    expect(check()).toEqual({ path: link, why: `is a link of user ${SOMEBODY}` });
  });

  it.runIf(isRoot)('a way to it that somebody else can exchange, for what runs as the system', () => {
    const here = pc();
    chownSync(here.root, SOMEBODY, SOMEBODY);
    expect(here.check('service')?.path).toBe(here.root);
    expect(here.check('headless')).toBeNull();
  });

  it('what nobody can write to is trusted whatever its mode says, as settings are given to a container', (context) => {
    if (noMounts !== null) return context.skip(noMounts);
    const here = pc();
    chmodSync(here.config, 0o777);
    expect(here.check()?.path).toBe(here.config);
    readOnly(here.config);
    expect(here.check()).toBeNull();
  });

  it('a data directory that answers only later, once it does', () => {
    const here = pc();
    chmodSync(here.data, 0o777);
    expect(here.check('service', false)).toBeNull();
    expect(distrustedData(here.directories)?.path).toBe(here.data);
  });
});

describe.runIf(process.platform === 'win32')('not trusted, and by name, on Windows', () => {
  it.each(['file', 'config', 'data', 'agentDir'] as const)('where others may write, or own it: %s', async (name) => {
    const here = pc(wineTempDir());
    expect([here.check('service'), here.check('headless'), here.check('tray')]).toEqual([null, null, null]);
    await openedToAll(here[name]);
    expect(here.check()).toMatchObject({ path: here[name], why: expect.stringContaining('can be changed by S-1-1-0') });
    await givenToSomebody(here[name]);
    expect(here.check('headless')).toMatchObject({ path: here[name], why: expect.stringContaining('belongs to S-1-') });
  });

  it('a way to it that somebody else can exchange, for what runs as the system', async () => {
    const here = pc(wineTempDir());
    await openedToAll(here.root);
    expect(here.check('service')?.path).toBe(here.root);
    expect(here.check('headless')).toBeNull();
  });
});
