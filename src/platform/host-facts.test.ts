import { hostname } from 'node:os';
import { expect, test } from 'vitest';
import { hostFacts } from './host-facts.ts';

test('the environment names the host before the operating system does', () => {
  expect(hostFacts({ COMPUTERNAME: 'PC-A', HOSTNAME: 'pc-b' }).hostname).toBe('PC-A');
  expect(hostFacts({ COMPUTERNAME: '', HOSTNAME: 'pc-b' }).hostname).toBe('pc-b');
  expect(hostFacts({}).hostname).toBe(hostname());
});

test.each([
  ['win32', 'x64', 'windows', 'x86_64'],
  ['darwin', 'arm64', 'macos', 'aarch64'],
  ['linux', 'ia32', 'linux', 'x86'],
  ['freebsd', 'riscv64', 'freebsd', 'riscv64'],
])('%s on %s is named %s and %s', (platform, arch, osFamily, fleetArch) => {
  expect(hostFacts({ HOSTNAME: 'pc' }, platform, arch)).toEqual({
    hostname: 'pc',
    osFamily,
    arch: fleetArch,
    programArch: fleetArch,
  });
});

test('a PC with an ARM processor is one, also where the program is emulated there', () => {
  const env = {
    PROCESSOR_ARCHITECTURE: 'AMD64',
    PROCESSOR_IDENTIFIER: 'ARMv8 (64-bit) Family 8 Model D4B Revision   0, Qualcomm',
  };
  expect(hostFacts(env, 'win32', 'x64')).toMatchObject({ arch: 'aarch64', programArch: 'x86_64' });
  const intel = { PROCESSOR_IDENTIFIER: 'Intel64 Family 6 Model 154 Stepping 3, GenuineIntel' };
  expect(hostFacts(intel, 'win32', 'x64').arch).toBe('x86_64');
});
