import { describe, expect, it } from 'vitest';
import { NO_REGISTRY, type Registry } from '../platform/registry.ts';
import { directoriesOf } from '../shared/directories.ts';
import { machineEnvironment } from './machine-environment.ts';

const NT = 'SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion';
const SET_BY_IT = 'SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment';

function registry(values: Record<string, string>): Registry {
  return {
    read: (key, name) => {
      const text = values[`${key}!${name}`];
      return text === undefined ? { kind: 'absent' } : { kind: 'text', text };
    },
  };
}

const directories = (env: Readonly<Record<string, string>>) =>
  directoriesOf({ startedAs: 'service', platform: 'win32', env, cwd: null, home: '' });

describe('the places of a set-up', () => {
  it('are not those of the environment of whoever has started it', () => {
    const own = {
      ProgramData: 'C:\\Users\\taro',
      SystemDrive: 'C:\\Users\\taro',
      SystemRoot: 'C:\\Users\\taro',
      KANADE_AGENT_DATA_DIR: 'C:\\Users',
      KANADE_AGENT_CONFIG: 'C:\\Users\\taro\\agent.toml',
    };
    const { env, profiles } = machineEnvironment(NO_REGISTRY, own);
    expect(env).toEqual({ SystemRoot: 'C:\\Windows', SystemDrive: 'C:', ProgramData: 'C:\\ProgramData' });
    expect(profiles).toBe('C:\\Users');
    expect(directories(env)).toMatchObject({ data: 'C:\\ProgramData\\Kanade\\data', dataFromEnvironment: false });
    // Windows puts these into what it reads for us.
    expect(own).toMatchObject(env);
  });

  it('are those of the machine, with what an administrator has set for all of it', () => {
    const machine = registry({
      [`${NT}!SystemRoot`]: 'D:\\Windows',
      [`${NT}\\ProfileList!ProgramData`]: 'E:\\ProgramData',
      [`${NT}\\ProfileList!ProfilesDirectory`]: 'E:\\People',
      [`${SET_BY_IT}!KANADE_AGENT_DATA_DIR`]: 'E:\\Agent',
      [`${SET_BY_IT}!NODE_OPTIONS`]: '--inspect',
    });
    const { env, profiles } = machineEnvironment(machine, {});
    expect(env).toEqual({
      SystemRoot: 'D:\\Windows',
      SystemDrive: 'D:',
      ProgramData: 'E:\\ProgramData',
      KANADE_AGENT_DATA_DIR: 'E:\\Agent',
    });
    expect(profiles).toBe('E:\\People');
    expect(directories(env)).toMatchObject({ data: 'E:\\Agent', config: 'E:\\ProgramData\\Kanade\\config' });
  });
});
