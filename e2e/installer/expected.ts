/** What must be on a PC, and what must not: each difference is a sentence. */
import { readdirSync } from 'node:fs';
import { expect } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import type { Build, Pc } from './pc.ts';

/** The service of one run that goes on with what a command of an agent has started. */
export const HAND_OVER = 'KanadeTraySetup';
const SERVICE = 'SYSTEM\\CurrentControlSet\\Services\\KanadeTrayAgent';
const LISTED = 'Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\KanadeTray';
const EVENTS = 'SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\Kanade Tray';
const RUN = 'Software\\Microsoft\\Windows\\CurrentVersion\\Run';
export const SHORTCUT = 'C:\\ProgramData\\Microsoft\\Windows\\Start Menu\\Programs\\Kanade Tray.lnk';
const AT_THE_ROOT = [
  'bin\\Kanade Tray.exe',
  'current.json',
  'private\\current.json',
  'private\\hand-over.exe',
  'private\\install.json',
  'private\\kanade-tray-agent.exe',
  'private\\uninstall.exe',
  'private\\uninstaller.exe',
  'uninstall.exe',
];

interface Wanted {
  readonly service?: 'RUNNING' | 'STOPPED' | 'ABSENT';
  readonly tray?: boolean;
  readonly start?: 'auto' | 'demand';
}

/** What differs from an installation of `build` as it must be. */
export async function installed(pc: Pc, build: Build, wanted: Wanted = {}): Promise<string[]> {
  const { service = 'RUNNING', tray = true, start = 'auto' } = wanted;
  const wrong: string[] = [];
  const compare = (what: string, is: unknown, must: unknown) => {
    if (JSON.stringify(is) !== JSON.stringify(must))
      wrong.push(`${what}: ${JSON.stringify(is)}, not ${JSON.stringify(must)}`);
  };
  compare('version that counts', pc.currentVersion, build.version);
  compare(
    'version that people start',
    pc.read(`${pc.root}\\current.json`),
    pc.read(`${pc.root}\\private\\current.json`),
  );
  compare(
    'files beside the versions',
    pc.files(pc.root).filter((name) => !name.startsWith('versions\\')),
    AT_THE_ROOT,
  );
  const parts = new Set(pc.files(`${pc.root}\\versions\\${build.version}`).map((name) => name.split('\\')[0]));
  compare(
    'parts of the version',
    [...parts].toSorted((a = '', b = '') => a.localeCompare(b)),
    ['agent', 'app', 'node'],
  );
  compare(
    'left over of the set-up',
    pc.versions.filter((name) => name.startsWith('.') && !name.startsWith('.handed-over')),
    [],
  );

  compare('state of the service', await pc.serviceState(), service);
  const registered = await pc.registry(SERVICE);
  if (service !== 'ABSENT') {
    compare('program of the service', registered?.ImagePath, `"${pc.root}\\private\\kanade-tray-agent.exe"`);
    compare('start of the service', registered?.Start, start === 'auto' ? '0x2' : '0x3');
    compare('account of the service', registered?.ObjectName, 'LocalSystem');
  }

  const listed = await pc.registry(LISTED);
  compare('version in the list of apps', listed?.DisplayVersion, build.version);
  compare('place in the list of apps', listed?.InstallLocation, pc.root);
  compare('uninstaller', listed?.QuietUninstallString, `"${pc.root}\\private\\uninstall.exe" /allusers /S`);
  const run = (await pc.registry(RUN))?.['Kanade Tray'];
  compare('start with each session', run, tray ? `"${pc.root}\\bin\\Kanade Tray.exe" --hidden` : undefined);
  const events = (await pc.registry(EVENTS))?.EventMessageFile;
  compare('texts of the Event Log', events, `${pc.root}\\bin\\Kanade Tray.exe`);
  compare('shortcut', pc.has(SHORTCUT), true);
  return wrong;
}

/** What is still there of the programs and of what Windows knows of them. */
export async function nothingLeft(pc: Pc): Promise<string[]> {
  const left: string[] = pc.files(pc.root);
  if (pc.has(pc.root)) left.push(pc.root);
  if ((await pc.serviceState()) !== 'ABSENT') left.push('the service');
  if ((await pc.registry(SERVICE)) !== null) left.push(SERVICE);
  if ((await pc.registry(LISTED)) !== null) left.push(LISTED);
  if ((await pc.registry(RUN))?.['Kanade Tray'] !== undefined) left.push(RUN);
  if ((await pc.registry(EVENTS)) !== null) left.push(EVENTS);
  if (pc.has(SHORTCUT)) left.push(SHORTCUT);
  return left;
}

/** Resolves once the set-up with this log, which an agent's command has started, has gone on to its good end elsewhere. */
export async function handedOverAndDone(pc: Pc, log: string): Promise<void> {
  expect(pc.read(log)).toContain(`handed over to the service ${HAND_OVER}`);
  await eventually(() => expect(pc.read(log)).toMatch(/ends with 0 after [\d.]+ s\s*$/), 60_000, 500);
  await eventually(async () => expect(await pc.serviceState(HAND_OVER)).toBe('ABSENT'), 30_000, 500);
}

/** What is there of the product, and beside it, after the next start of Windows. */
export async function leftAfterRestart(pc: Pc): Promise<string[]> {
  await pc.powerOff();
  await pc.serviceState();
  return readdirSync(pc.path('C:\\Program Files')).filter((name) => name.startsWith('Kanade Tray'));
}
