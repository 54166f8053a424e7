import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { tempDir } from '../../test/support/temp.ts';
import { Environments } from './posix-environment.ts';
import type { ProcStat } from './posix-proc.ts';

const OWN = 0;
const OTHER = 1000;

/** A `/proc` of its own, of which some environments never answer: a pipe that nobody writes into. */
function aProc() {
  const proc = tempDir();
  const stuck: string[] = [];
  const group = (pid: string, text: string) => {
    mkdirSync(join(proc, pid));
    writeFileSync(join(proc, pid, 'cgroup'), `0::${text}\n`);
  };
  const letGo = () => {
    for (const pipe of stuck) closeSync(openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK));
  };
  onTestFinished(letGo);
  group('self', '/system.slice/kanade-tray-agent.service');
  const add = (pid: number, uid: number, environment: string | null, cgroup = '/user.slice'): ProcStat => {
    group(String(pid), cgroup);
    const path = join(proc, String(pid), 'environ');
    if (environment === null) {
      execFileSync('mkfifo', [path]);
      stuck.push(path);
    } else writeFileSync(path, environment);
    return { pid, parent: 1, group: pid, session: pid, uid, startTicks: uid === OWN ? pid : null, zombie: false };
  };
  return { add, environments: new Environments({ proc, uid: OWN, hungAfterMs: 200 }), letGo };
}

const MARKED = 'PATH=/bin\0KTRAY_RUN=a-1\0HOME=/\0';

describe.skipIf(process.platform === 'win32')('who carries a marker', () => {
  it('is told by how an assignment begins, or by the whole of it', async () => {
    const { add, environments } = aProc();
    const all = [add(1, OWN, MARKED), add(2, OWN, 'KTRAY_RUN=a-12\0'), add(3, OWN, 'X=KTRAY_RUN=a-1\0')];
    expect(await environments.marked(all, 'KTRAY_RUN=a-1\0')).toEqual({ pids: new Set([1]), why: null });
    expect(await environments.marked(all, 'KTRAY_RUN=a-')).toEqual({ pids: new Set([1, 2]), why: null });
  });

  it('is told of another account only in our own unit, as of our own', async () => {
    const { add, environments } = aProc();
    const unit = '/system.slice/kanade-tray-agent.service';
    const all = [
      add(1, OTHER, MARKED, `${unit}/below`),
      add(2, OTHER, 'KTRAY_RUN=a-12\0', unit),
      add(3, OTHER, MARKED, `${unit}2`),
      add(4, OTHER, MARKED),
    ];
    expect(await environments.marked(all, 'KTRAY_RUN=a-1\0')).toEqual({ pids: new Set([1]), why: null });
    expect(await environments.marked(all, 'KTRAY_RUN=a-')).toEqual({ pids: new Set([1, 2]), why: null });
  });

  it('is told of the others where one never answers, and that one is not asked again', async () => {
    const { add, environments } = aProc();
    const all = [
      add(1, OWN, MARKED),
      add(2, OWN, null),
      add(3, OTHER, null, '/system.slice/kanade-tray-agent.service'),
    ];
    for (let scan = 0; scan < 5; scan++) {
      expect(await environments.marked(all, 'KTRAY_RUN=a-1\0')).toEqual({ pids: new Set([1]), why: null });
    }
  });

  it('is not known where two never answer, which is said, and all else goes on', async () => {
    const { add, environments, letGo } = aProc();
    const healthy = add(1, OWN, MARKED);
    const all = [healthy, ...[2, 3, 4, 5, 6].map((pid) => add(pid, OWN, null))];
    const looks = await Promise.all([1, 2, 3].map(() => environments.marked(all, 'KTRAY_RUN=a-1\0')));
    for (const { why } of looks) expect(why).toMatch(/^the environments of \d processes can not be read$/);
    expect(await readFile(import.meta.filename, 'utf8')).not.toBe('');
    letGo();
    const marked = { pids: new Set([1]), why: null };
    await eventually(async () => expect(await environments.marked([healthy], 'KTRAY_RUN=a-1\0')).toEqual(marked));
  });
});
