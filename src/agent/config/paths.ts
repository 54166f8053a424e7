/** The files and directories that the settings name and the agent reads or writes while it starts. */
import type { BootConfig } from './boot-config.ts';
import { SETTING_KEYS, type SettingKey, settingOf } from './settings.ts';

export interface NamedPath {
  /** As a sentence names it: `the data directory`, `the file of tls.ca`. */
  readonly what: string;
  readonly path: string;
}

/** The agent can do without its log, which looks by itself whether its place answers. */
const ASKED_ELSEWHERE: ReadonlySet<SettingKey> = new Set(['log.path']);

/** Every setting that is a path, so that none can be forgotten: one that does not answer would hold up the one thread we have. */
export function pathsOf({ directories, settings }: Pick<BootConfig, 'directories' | 'settings'>): NamedPath[] {
  const named = SETTING_KEYS.flatMap((key): NamedPath[] => {
    if (settingOf(key).kind !== 'path' || ASKED_ELSEWHERE.has(key)) return [];
    const { value } = settings[key];
    return typeof value === 'string' ? [{ what: `the file of ${key}`, path: value }] : [];
  });
  return [{ what: 'the data directory', path: directories.agentDir }, ...named];
}
