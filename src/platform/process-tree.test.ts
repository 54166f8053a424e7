import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { stuckInExec } from '../../test/support/holding-exec.ts';
import { noSharesHere } from '../../test/support/mounts.ts';
import { isAlive } from '../../test/support/running-scripts.ts';
import { tempDir } from '../../test/support/temp.ts';
import { procStat } from './posix-proc.ts';
import { endTree, processStart } from './process-tree.ts';

let runs = 0;

interface Tree {
  readonly pid: number;
  readonly startTime: string | null;
  readonly marker: string;
  readonly directory: string;
  readonly child: ChildProcess;
}

/** Starts a script as the launcher does: a group of its own, marked. Its directory is where it can leave pids. */
function start(script: string): Tree {
  const run = `tree-test-${process.pid}-${runs++}`;
  const directory = tempDir();
  const env = { PATH: process.env.PATH ?? '', KTRAY_RUN: run };
  const child = spawn('sh', ['-c', script], { detached: true, stdio: 'ignore', cwd: directory, env });
  const pid = child.pid ?? 0;
  onTestFinished(() => void child.kill('SIGKILL'));
  return { pid, startTime: processStart(pid), marker: `KTRAY_RUN=${run}`, directory, child };
}

/** The pid that the script writes into `name` when that process runs. */
function pidFrom(tree: Tree, name: string): Promise<number> {
  return eventually(() => {
    const text = readFileSync(join(tree.directory, name), 'utf8');
    expect(text).toMatch(/^\d+\n$/);
    return Number(text);
  });
}

describe.runIf(process.platform === 'linux')('endTree', () => {
  it('ends a script and its child', async () => {
    const tree = start('sleep 60 & echo $! > child; wait');
    const child = await pidFrom(tree, 'child');
    expect(await endTree(tree)).toEqual({ left: [] });
    expect([isAlive(tree.pid), isAlive(child)]).toEqual([false, false]);
  });

  it('lets a script clean up on SIGTERM', async () => {
    const tree = start('trap "echo 1 > cleaned; exit 0" TERM; echo $$ > up; sleep 60 & wait');
    await pidFrom(tree, 'up');
    expect(await endTree(tree)).toEqual({ left: [] });
    expect(readFileSync(join(tree.directory, 'cleaned'), 'utf8')).toBe('1\n');
  });

  it('ends one that ignores SIGTERM', async () => {
    const tree = start('trap "" TERM; echo $$ > up; sleep 60; sleep 60');
    await pidFrom(tree, 'up');
    expect(await endTree(tree)).toEqual({ left: [] });
    expect(isAlive(tree.pid)).toBe(false);
  });

  it('ends a grandchild in a session of its own', async () => {
    const tree = start(`setsid sh -c 'echo $$ > grandchild; exec sleep 60' & sleep 60`);
    const grandchild = await pidFrom(tree, 'grandchild');
    expect(procStat(grandchild)?.session).toBe(grandchild);
    expect(await endTree(tree)).toEqual({ left: [] });
    expect(isAlive(grandchild)).toBe(false);
  });

  it('ends what forked twice, left its session, ignores SIGTERM and whose parents are long gone', async () => {
    const tree = start(
      `setsid sh -c '(trap "" TERM; echo $$ > ignored; sh -c "echo \\$\\$ > daemon; exec sleep 60") & exit 0' & exit 0`,
    );
    const daemon = await pidFrom(tree, 'daemon');
    await eventually(() => expect(isAlive(tree.pid)).toBe(false));
    expect(await endTree(tree)).toEqual({ left: [] });
    expect(isAlive(daemon)).toBe(false);
  });

  it('ends a child in the session of the script that has no marker any more', async () => {
    const tree = start(`env -i sh -c 'trap "" TERM; echo $$ > bare; sleep 60; sleep 60'`);
    const bare = await pidFrom(tree, 'bare');
    expect(await endTree(tree)).toEqual({ left: [] });
    expect(isAlive(bare)).toBe(false);
  });

  it('ends a grandchild without marker in another session, found by its parent', async () => {
    const tree = start(`env -i setsid sh -c 'echo $$ > bare; exec sleep 60' & sleep 60`);
    const bare = await pidFrom(tree, 'bare');
    expect(await endTree(tree)).toEqual({ left: [] });
    expect(isAlive(bare)).toBe(false);
  });

  it('does not find what has cleared its environment, left the session and lost its parent (docs/compatibility.md)', async () => {
    const tree = start(
      `env -i setsid sh -c '(trap "" HUP; sh -c "echo \\$\\$ > away; exec sleep 60" &) ; exit 0'; exit 0`,
    );
    const away = await pidFrom(tree, 'away');
    onTestFinished(() => void process.kill(away, 'SIGKILL'));
    await eventually(() => expect(isAlive(tree.pid)).toBe(false));
    expect(await endTree(tree)).toEqual({ left: [] });
    expect(isAlive(away)).toBe(true);
  });

  it('keeps up with a script that starts processes all the time', async () => {
    const tree = start(`trap "" TERM; echo $$ > up; while :; do setsid sleep 60 & sleep 0.01; done`);
    await pidFrom(tree, 'up');
    expect(await endTree(tree)).toEqual({ left: [] });
    expect(isAlive(tree.pid)).toBe(false);
  });

  it('finds the tree by its marker alone', async () => {
    const tree = start('sleep 60 & echo $! > child; wait');
    const child = await pidFrom(tree, 'child');
    expect(await endTree({ pid: null, startTime: null, marker: tree.marker })).toEqual({ left: [] });
    expect([isAlive(tree.pid), isAlive(child)]).toEqual([false, false]);
  });

  it('leaves a stranger alone that has the pid by now', async () => {
    const stranger = start('echo $$ > up; exec sleep 60');
    await pidFrom(stranger, 'up');
    const [boot, ticks] = (stranger.startTime ?? '').split(':');
    const earlier = `${boot}:${Number(ticks) - 1}`;
    const gone = { pid: stranger.pid, startTime: earlier, marker: 'KTRAY_RUN=another-run' };
    expect(await endTree(gone)).toEqual({ left: [] });
    expect(isAlive(stranger.pid)).toBe(true);
  });

  it('touches nothing when the machine was started again since', async () => {
    const tree = start('echo $$ > up; exec sleep 60');
    await pidFrom(tree, 'up');
    const otherBoot = { ...tree, startTime: '00000000-0000-0000-0000-000000000000:1' };
    expect(await endTree(otherBoot)).toEqual({ left: [] });
    expect(isAlive(tree.pid)).toBe(true);
  });
});

describe.skipIf(noSharesHere() !== null)('while another account holds up the exec of its own process', () => {
  it('ends a script in its time, and what carries its marker', async () => {
    const stuck = await Promise.all(Array.from({ length: 5 }, () => stuckInExec()));
    const tree = start(`setsid sh -c 'echo $$ > grandchild; exec sleep 60' & exit 0`);
    const grandchild = await pidFrom(tree, 'grandchild');
    await eventually(() => expect(isAlive(tree.pid)).toBe(false));
    expect(await endTree(tree)).toEqual({ left: [] });
    expect(isAlive(grandchild)).toBe(false);
    // What an interrupted script has left is looked for among all of the PC.
    expect(await endTree({ pid: null, startTime: null, marker: tree.marker })).toEqual({ left: [] });
    expect(stuck.map((pid) => isAlive(pid))).toEqual(stuck.map(() => true));
  });
});

/** `endTree` in a process that may have 40 file descriptors and has opened them all, some of them only for `freeAfterMs`. */
function withoutDescriptors(
  tree: { pid: number; startTime: string | null; marker: string },
  freeAfterMs: number | 'never' | 'never, for a child of ours',
) {
  const module = JSON.stringify(pathToFileURL(join(import.meta.dirname, 'process-tree.ts')));
  const program = `
    import { spawn } from 'node:child_process';
    import { closeSync, openSync } from 'node:fs';
    import { endTree } from ${module};
    const taken = [];
    const own = ${JSON.stringify(freeAfterMs === 'never, for a child of ours')}
      ? spawn('sh', ['-c', 'trap "" TERM; sleep 60; sleep 60'], { detached: true, stdio: 'ignore' })
      : null;
    await new Promise((resolve) => setTimeout(resolve, 200));
    try { for (;;) taken.push(openSync('/dev/null')); } catch {}
    const free = ${JSON.stringify(typeof freeAfterMs === 'number' ? freeAfterMs : null)};
    if (free !== null) setTimeout(() => { for (const fd of taken.splice(0)) closeSync(fd); }, free);
    const root = own === null
      ? ${JSON.stringify(tree)}
      : { pid: own.pid, startTime: null, marker: 'KTRAY_RUN=none', isOwnChild: () => own.signalCode === null };
    const end = await endTree(root);
    for (const fd of taken) closeSync(fd);
    console.log(JSON.stringify({ ...end, own: own?.signalCode }));`;
  const args = [
    '-c',
    'ulimit -n 40; exec "$0" "$@"',
    process.execPath,
    '--input-type=module',
    '--no-warnings',
    '-e',
    program,
  ];
  const { stdout, stderr } = spawnSync('sh', args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as unknown;
}

describe.runIf(process.platform === 'linux')('endTree without a file descriptor', () => {
  it('says what it could not end, and that it could not look', async () => {
    const tree = start('echo $$ > up; exec sleep 60');
    await pidFrom(tree, 'up');
    const { pid, startTime, marker } = tree;
    expect(withoutDescriptors({ pid, startTime, marker }, 'never')).toEqual({
      left: [pid],
      why: expect.stringContaining('EMFILE'),
    });
    expect(isAlive(pid)).toBe(true);
  });

  it('ends a child of ours all the same: its pid can be nobody else’s', () => {
    const none = { pid: 0, startTime: null, marker: '' };
    expect(withoutDescriptors(none, 'never, for a child of ours')).toMatchObject({ own: 'SIGKILL' });
  });

  it('tries again within its time', async () => {
    const tree = start('echo $$ > up; exec sleep 60');
    await pidFrom(tree, 'up');
    const { pid, startTime, marker } = tree;
    expect(withoutDescriptors({ pid, startTime, marker }, 300)).toEqual({ left: [] });
    expect(isAlive(pid)).toBe(false);
  });
});
