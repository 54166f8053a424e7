/** What must be on a PC, and what must not: each difference is a sentence. */
import type { Build, Pc } from './pc.ts';

const SERVICE = 'SYSTEM\\CurrentControlSet\\Services\\KanadeTrayAgent';
const LISTED = 'Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\KanadeTray';
const EVENTS = 'SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\Kanade Tray';
const RUN = 'Software\\Microsoft\\Windows\\CurrentVersion\\Run';
export const SHORTCUT = 'C:\\ProgramData\\Microsoft\\Windows\\Start Menu\\Programs\\Kanade Tray.lnk';
const AT_THE_ROOT = [
  'bin\\Kanade Tray.exe',
  'bin\\hand-over.exe',
  'bin\\kanade-tray-agent.exe',
  'bin\\uninstaller.exe',
  'current.json',
  'install.json',
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
  const expect = (what: string, is: unknown, must: unknown) => {
    if (JSON.stringify(is) !== JSON.stringify(must))
      wrong.push(`${what}: ${JSON.stringify(is)}, not ${JSON.stringify(must)}`);
  };
  expect('version that counts', pc.currentVersion, build.version);
  expect(
    'files beside the versions',
    pc.files(pc.root).filter((name) => !name.startsWith('versions\\')),
    AT_THE_ROOT,
  );
  const parts = new Set(pc.files(`${pc.root}\\versions\\${build.version}`).map((name) => name.split('\\')[0]));
  expect(
    'parts of the version',
    [...parts].toSorted((a = '', b = '') => a.localeCompare(b)),
    ['agent', 'app', 'node'],
  );
  expect(
    'left over of the set-up',
    pc.versions.filter((name) => name.startsWith('.') && !name.startsWith('.handed-over')),
    [],
  );

  expect('state of the service', await pc.serviceState(), service);
  const registered = await pc.registry(SERVICE);
  if (service !== 'ABSENT') {
    expect('program of the service', registered?.ImagePath, `"${pc.root}\\bin\\kanade-tray-agent.exe"`);
    expect('start of the service', registered?.Start, start === 'auto' ? '0x2' : '0x3');
    expect('account of the service', registered?.ObjectName, 'LocalSystem');
  }

  const listed = await pc.registry(LISTED);
  expect('version in the list of apps', listed?.DisplayVersion, build.version);
  expect('place in the list of apps', listed?.InstallLocation, pc.root);
  expect('uninstaller', listed?.QuietUninstallString, `"${pc.root}\\uninstall.exe" /allusers /S`);
  const run = (await pc.registry(RUN))?.['Kanade Tray'];
  expect('start with each session', run, tray ? `"${pc.root}\\bin\\Kanade Tray.exe" --hidden` : undefined);
  const events = (await pc.registry(EVENTS))?.EventMessageFile;
  expect('texts of the Event Log', events, `${pc.root}\\bin\\kanade-tray-agent.exe`);
  expect('shortcut', pc.has(SHORTCUT), true);
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
