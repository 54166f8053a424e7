import { totalmem } from 'node:os';
import { expect, test } from 'vitest';
import { parseMounts, parseOsRelease, readLinuxHardware } from './linux.ts';

test.runIf(process.platform === 'linux')('this machine has a name, cores, memory and plausible drives', async () => {
  const facts = await readLinuxHardware();
  expect(facts.osName).not.toBe('');
  expect(facts.osVersion).not.toBe('');
  expect(facts.cpuModel).not.toBe('');
  expect(facts.cpuCores).toBeGreaterThan(0);
  expect(facts.ramBytes).toBe(totalmem());
  for (const disk of facts.disks) {
    expect(disk.deviceId).toMatch(/^\/dev\//);
    expect(disk.sizeBytes).toBeGreaterThan(0);
    expect(disk.freeBytes).toBeLessThanOrEqual(disk.sizeBytes);
  }
});

test('os-release is read with every kind of quote, without comments and empty values', () => {
  const text = `# comment\nNAME=Debian\nPRETTY_NAME="Debian \\"12\\""\nVERSION_ID='12'\nVARIANT=""\n__proto__=x\n`;
  expect(parseOsRelease(text)).toEqual(
    Object.assign(Object.create(null), { NAME: 'Debian', PRETTY_NAME: 'Debian "12"', VERSION_ID: '12' }),
  );
});

test('of the mounts only block devices count, each once, images not at all', () => {
  const text = [
    'proc /proc proc rw 0 0',
    '/dev/sda2 / ext4 rw 0 0',
    '/dev/sda2 /srv/bind ext4 rw 0 0',
    '/dev/sdb1 /mnt/two\\040words xfs rw 0 0',
    '/dev/loop3 /snap/core squashfs ro 0 0',
    'server:/export /net nfs rw 0 0',
    '',
  ].join('\n');
  expect(parseMounts(text)).toEqual([
    { device: '/dev/sda2', path: '/', fileSystem: 'ext4' },
    { device: '/dev/sdb1', path: '/mnt/two words', fileSystem: 'xfs' },
  ]);
});

test('what anybody mounts by a program of theirs is no drive, whatever device it is said to be of', () => {
  const text =
    '/dev/sda9 /home/x/a fuse rw 0 0\n/dev/sda8 /home/x/b fuse.sshfs rw 0 0\n/dev/sdb1 /mnt fuseblk rw 0 0\n';
  expect(parseMounts(text)).toEqual([{ device: '/dev/sdb1', path: '/mnt', fileSystem: 'fuseblk' }]);
});
