/** The files and directories that the settings name and the agent reads or writes while it starts. */
import type { BootConfig } from './boot-config.ts';
import { SETTING_KEYS, type SettingKey, settingOf } from './settings.ts';

export interface NamedPath {
  /** As a sentence names it: `the data directory`, `the file of tls.ca`. */
  readonly what: string;
  readonly path: string;
}

/** The agent can do without its log, which checks by itself whether its place answers. */
const ASKED_ELSEWHERE: ReadonlySet<SettingKey> = new Set(['log.path']);

/** Every setting that is a path, so that none can be forgotten: one that does not answer would hold up the one thread we have. */
export function pathsOf({ directories, settings }: Pick<BootConfig, 'directories' | 'settings'>): NamedPath[] {
  const named = filesOf(settings, (key) => !ASKED_ELSEWHERE.has(key));
  return [{ what: 'the data directory', path: directories.agentDir }, ...named];
}

/** Of these, the files that are read again for each try to connect. */
export function signInFilesOf({ settings }: Pick<BootConfig, 'settings'>): NamedPath[] {
  return filesOf(settings, (key) => key.startsWith('auth.') || key.startsWith('tls.'));
}

function filesOf(settings: BootConfig['settings'], isMeant: (key: SettingKey) => boolean): NamedPath[] {
  return SETTING_KEYS.flatMap((key): NamedPath[] => {
    if (settingOf(key).kind !== 'path' || !isMeant(key)) return [];
    const { value } = settings[key];
    return typeof value === 'string' ? [{ what: `the file of ${key}`, path: value }] : [];
  });
}
