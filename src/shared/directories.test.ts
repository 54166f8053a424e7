import { describe, expect, test } from 'vitest';
import { directoriesOf } from './directories.ts';
import type { Hosting } from './states.ts';

function on(platform: NodeJS.Platform, startedAs: Hosting, env: Record<string, string> = {}) {
  const windows = platform === 'win32';
  const [cwd, home] = windows ? ['D:\\start', 'C:\\Users\\taro'] : ['/start', '/home/taro'];
  return directoriesOf({ platform, startedAs, env, cwd, home });
}

describe('a service or headless agent uses the directories of the original', () => {
  test('on Linux', () => {
    expect(on('linux', 'service')).toEqual({
      config: '/etc/kanade',
      data: '/var/lib/kanade',
      logs: '/var/log/kanade',
      agentDir: '/var/lib/kanade/kanade-tray',
      machineConfig: null,
      dataFromEnvironment: false,
    });
    expect(on('linux', 'headless')).toEqual(on('linux', 'service'));
  });

  test('on Windows, also without ProgramData', () => {
    expect(on('win32', 'service', { ProgramData: 'E:\\PD' })).toMatchObject({
      config: 'E:\\PD\\Kanade\\config',
      data: 'E:\\PD\\Kanade\\data',
      logs: 'E:\\PD\\Kanade\\logs',
      agentDir: 'E:\\PD\\Kanade\\data\\kanade-tray',
    });
    expect(on('win32', 'service').config).toBe('C:\\ProgramData\\Kanade\\config');
  });
});

describe('in tray mode each user has their own, above those of the machine', () => {
  test('on Linux, by the XDG variables where they are absolute', () => {
    expect(on('linux', 'tray', { XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: 'relative' })).toMatchObject({
      config: '/c/kanade-tray',
      data: '/home/taro/.local/state/kanade-tray',
      logs: '/home/taro/.local/state/kanade-tray/logs',
      machineConfig: '/etc/kanade',
    });
    expect(on('linux', 'tray').config).toBe('/home/taro/.config/kanade-tray');
  });

  test('on Windows', () => {
    expect(on('win32', 'tray', { LOCALAPPDATA: 'C:\\L' })).toMatchObject({
      config: 'C:\\L\\Kanade Tray\\config',
      data: 'C:\\L\\Kanade Tray\\data',
      machineConfig: 'C:\\ProgramData\\Kanade\\config',
    });
    expect(on('win32', 'tray').data).toBe('C:\\Users\\taro\\AppData\\Local\\Kanade Tray\\data');
  });
});

describe('KANADE_AGENT_DATA_DIR', () => {
  test.each([
    ['/data', '/data'],
    ['data/x', '/start/data/x'],
    ['', '/var/lib/kanade'],
  ])('%j gives %s', (named, data) => {
    const found = on('linux', 'headless', { KANADE_AGENT_DATA_DIR: named });
    expect([found.data, found.agentDir, found.dataFromEnvironment]).toEqual([
      data,
      `${data}/kanade-tray`,
      named !== '',
    ]);
  });

  test('counts in tray mode too, and a relative one begins at the start directory', () => {
    expect(on('win32', 'tray', { KANADE_AGENT_DATA_DIR: 'data' }).agentDir).toBe('D:\\start\\data\\kanade-tray');
  });
});

test('the start directory is only needed for a relative data directory', () => {
  const at = (data: string) => {
    const env = { KANADE_AGENT_DATA_DIR: data };
    return directoriesOf({ platform: 'linux', startedAs: 'headless', env, cwd: null, home: '/home/taro' }).data;
  };
  expect(at('/srv/kanade')).toBe('/srv/kanade');
  expect(at('')).toBe('/var/lib/kanade');
  expect(() => at('data')).toThrow(
    'KANADE_AGENT_DATA_DIR is "data", and the directory that this was started in is gone',
  );
});
