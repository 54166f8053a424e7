import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';

const MODULE = JSON.stringify(pathToFileURL(join(import.meta.dirname, 'end-process.ts')));

function ends(program: string) {
  const source = `import { endProcess } from ${MODULE};\n${program}`;
  const args = ['--input-type=module', '--no-warnings', '-e', source];
  return spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 15_000, killSignal: 'SIGKILL' });
}

test('a process with handles left ends with its code, and what it said is read', () => {
  const { status, stdout } = ends(`
    import { createServer } from 'node:net';
    setInterval(() => {}, 1_000);
    createServer().listen(0);
    process.stdout.write('x'.repeat(200_000));
    await endProcess(7);`);
  expect([status, stdout.length]).toEqual([7, 200_000]);
});

test.skipIf(process.platform === 'win32')('so does one with a look into the file system that never comes back', () => {
  const pipe = join(tempDir(), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const { status, signal } = ends(`
    import { open } from 'node:fs/promises';
    void open(${JSON.stringify(pipe)}, 'a');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await endProcess(7);`);
  expect([status, signal]).toEqual([7, null]);
});
