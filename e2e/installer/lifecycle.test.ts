/** The life of an installation, in the order in which IT goes through it; each test goes on where the last one ended. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { provisionedOperator } from '../../test/support/fleet.ts';
import { installed, nothingLeft } from './expected.ts';
import { current, next } from './pc.ts';
import { pcAndBroker } from './pc-and-broker.ts';

const here = pcAndBroker();
const { pc } = here;

/** What the agent makes of its own program when it runs. */
const COMPILED = /^agent[\\/]compiled[\\/]/;

/** Every file of a version by its digest. */
function fingerprint(version: string): Record<string, string> {
  const directory = `${pc.root}\\versions\\${version}`;
  const digest = (name: string) =>
    createHash('sha256')
      .update(readFileSync(pc.path(`${directory}\\${name}`)))
      .digest('hex');
  const files = pc.files(directory).filter((name) => !COMPILED.test(name));
  return Object.fromEntries(files.map((name) => [name, digest(name)]));
}

describe('an installation', () => {
  let asInstalled: Record<string, string>;

  it('ends with 0 when the agent runs and is signed in to its fleet', { timeout: 120_000 }, async () => {
    await provisionedOperator(here.broker);
    const { code } = await pc.install(current, `/NATSURL=${here.broker.url} /PCID=PC-W1 /CHECK=strict`);
    expect(pc.setupLog).toContain('connection: connected');
    expect(code).toBe(0);
    expect(await installed(pc, current)).toEqual([]);
    expect(pc.read('C:\\ProgramData\\Kanade\\config\\agent.toml')).toContain('id = "PC-W1"');
    asInstalled = fingerprint(current.version);
  });

  it('installed once more without parameters is a repair: settings and files stay as they are', async () => {
    const before = pc.read('C:\\ProgramData\\Kanade\\config\\agent.toml');
    expect((await pc.install(current)).code).toBe(0);
    expect(pc.setupLog).toContain('it is whole');
    expect(await installed(pc, current)).toEqual([]);
    expect(pc.read('C:\\ProgramData\\Kanade\\config\\agent.toml')).toBe(before);
    expect(fingerprint(current.version)).toEqual(asInstalled);
  });

  it('with a damaged file is repaired', async () => {
    pc.put(`${pc.root}\\versions\\${current.version}\\agent\\main.js`, 'damaged');
    expect((await pc.install(current)).code).toBe(0);
    expect(pc.setupLog).toContain('but damaged: it is replaced');
    expect(fingerprint(current.version)).toEqual(asInstalled);
    expect(await installed(pc, current)).toEqual([]);
  });

  it('is upgraded: the version before stays, byte for byte, beside the new one', async () => {
    expect((await pc.install(next, '/CHECK=strict')).code).toBe(0);
    expect(await installed(pc, next)).toEqual([]);
    expect(pc.versions).toEqual([current.version, next.version]);
    expect(fingerprint(current.version)).toEqual(asInstalled);
  });

  it('is not replaced by an older version: 1638, and nothing was done', async () => {
    const started = await pc.registry('SYSTEM\\CurrentControlSet\\Services\\KanadeTrayAgent');
    expect((await pc.install(current)).code).toBe(1638);
    expect(pc.setupLog).toContain(`version ${next.version} is installed, which is newer than ${current.version}`);
    expect(await installed(pc, next)).toEqual([]);
    expect(await pc.registry('SYSTEM\\CurrentControlSet\\Services\\KanadeTrayAgent')).toEqual(started);
  });

  it('goes back to an older version when IT says so', async () => {
    expect((await pc.install(current, '/ALLOWDOWNGRADE=1 /CHECK=strict')).code).toBe(0);
    expect(await installed(pc, current)).toEqual([]);
    expect(fingerprint(current.version)).toEqual(asInstalled);
  });

  it('starts with Windows again after the power was gone', async () => {
    await pc.powerOff();
    await eventually(async () => expect(await pc.serviceState()).toBe('RUNNING'), 60_000, 1_000);
  });

  it('is taken away; settings, results and history stay', async () => {
    expect((await pc.uninstall()).code).toBe(0);
    expect(await nothingLeft(pc)).toEqual([]);
    expect(pc.files('C:\\ProgramData\\Kanade\\config')).toEqual(['agent.toml']);
    expect(pc.files('C:\\ProgramData\\Kanade\\data\\kanade-tray')).toContain('store.db');
  });

  it('comes back with the settings that stayed', async () => {
    expect((await pc.install(current, '/CHECK=strict')).code).toBe(0);
    expect(pc.setupLog).toContain('connection: connected');
    expect(await installed(pc, current)).toEqual([]);
  });

  it('is purged: nothing of ours is left on the PC', async () => {
    pc.put('C:\\users\\somebody\\AppData\\Roaming\\Kanade Tray\\preferences.json', '{}');
    expect((await pc.uninstall('/PURGE=1')).code).toBe(0);
    expect(await nothingLeft(pc)).toEqual([]);
    expect(pc.has('C:\\ProgramData\\Kanade')).toBe(false);
    expect(pc.has('C:\\users\\somebody\\AppData\\Roaming\\Kanade Tray')).toBe(false);
    expect(await pc.registry('SOFTWARE\\kanade')).toBeNull();
  });
});
