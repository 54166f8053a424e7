import { expect, test } from 'vitest';
import { obeyedArguments, obeyedEnvironment } from './start-options.ts';

const ENV = {
  PATH: '/bin',
  KANADE_TRAY_NODE: '/tmp/node',
  KANADE_TRAY_AGENT_CONFIG: '/tmp/agent.toml',
  KANADE_TRAY_HOST: 'tray',
  Kanade_Tray_User_Data: '/tmp/user',
};

test('an installed app shell obeys no variable of those that are there for tests', () => {
  expect(obeyedEnvironment(ENV, true)).toEqual({ PATH: '/bin' });
  expect(obeyedEnvironment(ENV, false)).toEqual(ENV);
});

const DANGEROUS = [
  '--no-sandbox',
  '--remote-debugging-port=9222',
  '--remote-debugging-pipe',
  '--inspect',
  '--inspect-brk=0',
  '--js-flags=--allow-natives-syntax',
  '--proxy-server=http://a',
  '--host-rules=MAP * a',
  '--renderer-cmd-prefix=/tmp/x',
  '--gpu-launcher=/tmp/x',
  '--browser-subprocess-path=/tmp/x',
  '--user-data-dir=/tmp/x',
  '--load-extension=/tmp/x',
  '--disable-web-security',
  '--log-net-log=/tmp/x',
  '-no-sandbox',
  '--NO-SANDBOX',
  '-r',
];

test.each(DANGEROUS)('an installed app shell does not run with %s', (argument) => {
  const { kept, refused } = obeyedArguments(['--hidden', argument, '--lang=ja'], true, 'linux');
  expect(kept).toEqual(['--hidden', '--lang=ja']);
  expect(refused).toEqual([argument.replace(/^-+/, '').replace(/=.*/, '')]);
});

test.each([' ', '\t', '\n\v\f\r ', '\u3000', '\u00a0', '\u0085', '\u180e', '\u2003\u2028'])(
  'nor with one behind blanks, which Chromium cuts off (%j)',
  (blanks) => {
    for (const platform of ['win32', 'linux'] as const) {
      const given = ['--hidden', `${blanks}--no-sandbox`, `${blanks}--inspect=0${blanks}`];
      expect(obeyedArguments(given, true, platform)).toEqual({
        kept: ['--hidden'],
        refused: ['no-sandbox', 'inspect'],
      });
    }
    expect(obeyedArguments([`${blanks}/no-sandbox`], true, 'win32').refused).toEqual(['no-sandbox']);
    expect(obeyedArguments([`${blanks}--hidden${blanks}`, ` a file`], true, 'linux').refused).toEqual([]);
  },
);

test('Windows has a third way to write one', () => {
  expect(obeyedArguments(['/no-sandbox', 'C:\\a'], true, 'win32')).toEqual({
    kept: ['C:\\a'],
    refused: ['no-sandbox'],
  });
  expect(obeyedArguments(['/home/a'], true, 'linux')).toEqual({ kept: ['/home/a'], refused: [] });
});

test('what the system, Electron and people on their screens add stays', () => {
  const given = ['--hidden', '--ozone-platform=wayland', '--force-device-scale-factor=2', '-Embedding', 'a file'];
  expect(obeyedArguments(given, true)).toEqual({ kept: given, refused: [] });
});

test('in a checkout all of them work', () => {
  expect(obeyedArguments(DANGEROUS, false)).toEqual({ kept: DANGEROUS, refused: [] });
});
