import { expect, it } from 'vitest';
import { accountEnvironment, markerAssignment, scriptEnvironment, withMarker, withShellDefaults } from './child-env.ts';

const LINUX = { platform: 'linux' } as const;

/** What systemd 257 gives to a service with a watchdog, a socket, directories and credentials. */
const OF_THE_SERVICE = {
  NOTIFY_SOCKET: '/run/systemd/notify',
  WATCHDOG_USEC: '60000000',
  WATCHDOG_PID: '1',
  INVOCATION_ID: '5',
  JOURNAL_STREAM: '9:1',
  LISTEN_FDS: '1',
  LISTEN_PID: '1',
  LISTEN_FDNAMES: 'a',
  MAINPID: '1',
  MANAGERPID: '1',
  SYSTEMD_EXEC_PID: '1',
  RUNTIME_DIRECTORY: '/run/kanade-tray',
  CREDENTIALS_DIRECTORY: '/run/credentials/x',
  MEMORY_PRESSURE_WATCH: '/sys/fs/cgroup/x',
  MEMORY_PRESSURE_WRITE: 'x',
  FDSTORE: '1',
};
const OF_THE_RUNTIME = {
  NODE_OPTIONS: '--require=/x',
  ELECTRON_RUN_AS_NODE: '1',
  NODE_CHANNEL_FD: '3',
  UV_THREADPOOL_SIZE: '1',
};
const OF_OURS = { KANADE_NATS_TOKEN: 'secret', KANADE_: '', KANADE_TRAY_HOST_SECRET: 'secret', KTRAY_RUN: 'another' };

it('gives scripts what is listed, and nothing of the service, the runtime or ours', () => {
  const listed = {
    PATH: '/bin',
    HOME: '/root',
    LANG: 'ja_JP.UTF-8',
    LC_ALL: 'C',
    TZ: 'Asia/Tokyo',
    https_proxy: 'http://proxy:1',
    NO_PROXY: 'localhost',
    XDG_RUNTIME_DIR: '/run/user/1000',
  };
  const others = { MY_KANADE_X: '2', SOMETHING: 'x', LD_PRELOAD: '/x.so' };
  const env = { ...listed, ...OF_THE_SERVICE, ...OF_THE_RUNTIME, ...OF_OURS, ...others };
  expect(scriptEnvironment(env, LINUX)).toEqual(listed);
});

it('gives them what an administrator has set on purpose, but never what is meant for the agent', () => {
  const env = { PATH: '/bin', REPOSITORY: 'https://apt.example.com', ...OF_THE_SERVICE, ...OF_THE_RUNTIME, ...OF_OURS };
  expect(scriptEnvironment(env, { ...LINUX, alsoNames: Object.keys(env) })).toEqual({
    PATH: '/bin',
    REPOSITORY: 'https://apt.example.com',
  });
});

it('does not tell upper from lower case on Windows', () => {
  const env = {
    Path: 'C:\\',
    SystemRoot: 'C:\\Windows',
    Kanade_Nats_Token: 'secret',
    Node_Options: 'x',
    Site: 'Kobe',
    Other: 'x',
  };
  const options = { platform: 'win32', alsoNames: ['SITE', 'NODE_OPTIONS'] } as const;
  expect(scriptEnvironment(env, options)).toEqual({ Path: 'C:\\', SystemRoot: 'C:\\Windows', Site: 'Kobe' });
});

it('leaves the environment of another account as Windows has made it, but for ours', () => {
  const env = { USERNAME: 'hanako', Site: 'Kobe', kanade_nats_token: 'secret', NODE_OPTIONS: 'x' };
  expect(accountEnvironment(env)).toEqual({ USERNAME: 'hanako', Site: 'Kobe' });
});

it('marks each run, and passes on no marker that the agent itself was started with', () => {
  const base = scriptEnvironment({ PATH: '/bin', KTRAY_RUN: 'of-the-agent' }, LINUX);
  expect(base).toEqual({ PATH: '/bin' });
  expect(withMarker(base, 'r1')).toEqual({ PATH: '/bin', KTRAY_RUN: 'r1' });
  expect(markerAssignment('r1')).toBe('KTRAY_RUN=r1');
});

it('tells PowerShell not to colour what it says, unless somebody has said so or not', () => {
  expect(withShellDefaults({ PATH: '/bin' }, 'powershell')).toEqual({ PATH: '/bin', NO_COLOR: '1' });
  expect(withShellDefaults({ PATH: '/bin' }, 'pwsh')).toEqual({ PATH: '/bin', NO_COLOR: '1' });
  for (const shell of ['sh', 'cmd']) expect(withShellDefaults({ PATH: '/bin' }, shell)).toEqual({ PATH: '/bin' });
  const own = scriptEnvironment({ PATH: '/bin', NO_COLOR: 'yes' }, LINUX);
  expect(withShellDefaults({ PATH: '/bin' }, 'pwsh', true)).toEqual({ PATH: '/bin' });
  expect(withShellDefaults(own, 'pwsh')).toEqual({ PATH: '/bin', NO_COLOR: 'yes' });
});
