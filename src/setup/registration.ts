/** Where Windows finds the product: the list of apps, and the programs that start with each session. */
import { EVENT_SOURCE } from '../platform/system-journal.ts';
import { PRODUCT, PUBLISHER, RUN_KEY, STARTER, UNINSTALL_KEY } from './names.ts';
import type { System } from './system.ts';

const WEBSITE = 'https://kanade-tray.invalid';

export interface Registration {
  readonly root: string;
  readonly version: string;
  readonly kibibytes: number;
}

/** Intune, SCCM and the list of apps read it; `DisplayVersion` is what detection rules compare. */
export function register(system: System, { root, version, kibibytes }: Registration): void {
  // The one that people can start they can hold as well: who removes silently is an administrator.
  const silent = `"${root}\\private\\uninstall.exe" /allusers /S`;
  system.writeValues(UNINSTALL_KEY, {
    DisplayName: PRODUCT,
    DisplayVersion: version,
    DisplayIcon: `${root}\\bin\\${STARTER}`,
    Publisher: PUBLISHER,
    URLInfoAbout: WEBSITE,
    InstallLocation: root,
    UninstallString: `"${root}\\uninstall.exe" /allusers`,
    QuietUninstallString: silent,
    EstimatedSize: kibibytes,
    NoModify: 1,
    NoRepair: 1,
  });
}

/** The version that the list of apps names; null: none. */
export function registeredVersion(system: System): string | null {
  const value = system.readValue(UNINSTALL_KEY, 'DisplayVersion');
  return value.kind === 'text' ? value.text : null;
}

/** Where the Event Log finds the texts of our entries. */
const EVENT_KEY = `SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\${EVENT_SOURCE}`;
const ERROR_WARNING_INFORMATION = 7;

export function registerEvents(system: System, root: string): void {
  system.writeValues(EVENT_KEY, {
    EventMessageFile: `${root}\\bin\\${STARTER}`,
    TypesSupported: ERROR_WARNING_INFORMATION,
  });
}

export function unregisterEvents(system: System): void {
  system.removeKey(EVENT_KEY);
}

export function unregister(system: System): void {
  system.removeKey(UNINSTALL_KEY);
}

/** Whether each session starts the icon. */
export function startWithSessions(system: System, root: string, on: boolean): void {
  if (on) system.writeValues(RUN_KEY, { [PRODUCT]: `"${root}\\bin\\${STARTER}" --hidden` });
  else system.removeValue(RUN_KEY, PRODUCT);
}

export function startsWithSessions(system: System): boolean {
  return system.readValue(RUN_KEY, PRODUCT).kind === 'text';
}
