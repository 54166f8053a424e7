/** A Debian whose first process is a real systemd, in namespaces of its own: for what only a service manager shows. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Debian, type Held } from './debian.ts';

const NAMESPACES = ['--mount', '--pid', '--cgroup', '--uts', '--ipc', '--fork', '--kill-child'];
const DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty'];
const CGROUPS = cgroupMount();
const BOOTS_WITHIN_MS = 60_000;
const POLL_EVERY_SECS = '0.2';

/** Why no systemd can run here; null: one can. */
export const noSystemd: string | null = whyNone();

export function bootedDebian(lower: string): Debian {
  return new Debian(lower, boot);
}

function whyNone(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'a systemd of its own needs root on Linux';
  if (CGROUPS === null) return 'there is no cgroup2 here';
  const may = spawnSync('unshare', [...NAMESPACES, 'mount', '-t', 'cgroup2', 'none', '/mnt']);
  return may.status === 0 ? null : 'mounts and namespaces are not allowed here';
}

function boot(lower: string, directory: string): Held {
  const merged = join(directory, 'merged');
  const cgroup = join(CGROUPS ?? '', `kanade-tray-test-${process.pid}-${Date.now()}`);
  mkdirSync(cgroup);
  const layers = ['lower', 'upper', 'work'].map(
    (name) => `${name}dir=${name === 'lower' ? lower : join(directory, name)}`,
  );
  const script = [
    `echo $$ > ${cgroup}/cgroup.procs`,
    `exec unshare ${NAMESPACES.join(' ')} sh ${join(directory, 'boot.sh')}`,
  ];
  const mounts = [
    'set -e',
    'mount --make-rprivate /',
    `mount -t overlay overlay -o ${layers.join(',')} ${merged}`,
    `mkdir -p ${merged}/packages && mount --bind ${join(directory, 'packages')} ${merged}/packages`,
    `cd ${merged}`,
    'mount -t proc proc proc && mount -t sysfs -o ro sysfs sys && mount -t cgroup2 cgroup2 sys/fs/cgroup',
    'for name in run tmp dev; do mount -t tmpfs tmpfs $name; done',
    'mkdir dev/pts dev/shm',
    `for name in ${DEVICES.join(' ')}; do touch dev/$name; mount --bind /dev/$name dev/$name; done`,
    'ln -s /proc/self/fd dev/fd',
    'mkdir -p old && pivot_root . old && umount -l /old',
    'exec env -i container=other PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --log-target=console systemd.unit=basic.target',
  ];
  writeFileSync(join(directory, 'boot.sh'), `${mounts.join('\n')}\n`);
  const holder = spawn('sh', ['-c', script.join('\n')], { stdio: ['ignore', 'ignore', 'ignore'] });
  holder.once('exit', () => removeCgroup(cgroup));
  const pid = firstInside(holder);
  const inside = ['nsenter', '-t', String(pid), '-m', '-p', '-C', '-u', '-i', '-r', '-w', 'env', '-i', ...ENVIRONMENT];
  untilBooted(inside);
  return { holder, inside, root: `/proc/${pid}/root` };
}

const ENVIRONMENT = ['PATH=/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root', 'LANG=C.UTF-8'];

/** systemd, as we see it: the one child of `unshare`. */
function firstInside({ pid }: ChildProcess): number {
  for (const untilMs = Date.now() + BOOTS_WITHIN_MS; Date.now() < untilMs; execFileSync('sleep', [POLL_EVERY_SECS])) {
    const file = `/proc/${pid}/task/${pid}/children`;
    const child = existsSync(file) ? readFileSync(file, 'utf8').trim() : '';
    if (child !== '' && readFileSync(`/proc/${child}/comm`, 'utf8') === 'systemd\n') return Number(child);
  }
  throw new Error('systemd does not start');
}

function untilBooted([program = '', ...args]: readonly string[]): void {
  for (const untilMs = Date.now() + BOOTS_WITHIN_MS; Date.now() < untilMs; execFileSync('sleep', [POLL_EVERY_SECS])) {
    const { stdout } = spawnSync(program, [...args, 'systemctl', 'is-system-running'], { encoding: 'utf8' });
    if (/^(running|degraded)/.test(stdout)) return;
  }
  throw new Error('systemd does not come to its end of starting');
}

/** Where cgroups of version 2 are mounted, beside those of version 1 or alone. */
function cgroupMount(): string | null {
  if (!existsSync('/proc/mounts')) return null;
  const lines = readFileSync('/proc/mounts', 'utf8').split('\n');
  return lines.map((line) => line.split(' ')).find(([, , type]) => type === 'cgroup2')?.[1] ?? null;
}

/** Those that systemd has made below it first. */
function removeCgroup(cgroup: string): void {
  try {
    const below = execFileSync('find', [cgroup, '-depth', '-type', 'd'], { encoding: 'utf8' }).trim().split('\n');
    for (const path of below) rmdirSync(path);
  } catch {
    // An empty cgroup is in nobody's way.
  }
}
