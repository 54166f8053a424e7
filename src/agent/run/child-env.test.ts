import { expect, it } from 'vitest';
import { markerAssignment, scriptEnvironment, withMarker } from './child-env.ts';

it('gives scripts the environment without anything of KANADE_* (D38)', () => {
  const env = { PATH: '/bin', KANADE_NATS_TOKEN: 'secret', KANADE_: '', kanade_x: '1', MY_KANADE_X: '2' };
  expect(scriptEnvironment(env, 'linux')).toEqual({ PATH: '/bin', kanade_x: '1', MY_KANADE_X: '2' });
});

it('does not tell upper from lower case on Windows', () => {
  const env = { Path: 'C:\\', Kanade_Nats_Token: 'secret', KANADE_HOME: 'x' };
  expect(scriptEnvironment(env, 'win32')).toEqual({ Path: 'C:\\' });
});

it('marks each run, and passes on no marker that the agent itself was started with', () => {
  const base = scriptEnvironment({ PATH: '/bin', KTRAY_RUN: 'of-the-agent' }, 'linux');
  expect(base).toEqual({ PATH: '/bin' });
  expect(withMarker(base, 'r1')).toEqual({ PATH: '/bin', KTRAY_RUN: 'r1' });
  expect(markerAssignment('r1')).toBe('KTRAY_RUN=r1');
});
