import { expect, test } from 'vitest';
import { arrival, ending, storeOptions, testStore } from '../../../test/support/store.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { openStore } from './open.ts';
import { Store } from './store.ts';

const LARGE = `${'line "of" output\n'.repeat(40_000)}end`;

async function admitted(store: Store, requestId: string) {
  const admission = await store.runs.admit(arrival(requestId));
  if (admission.kind !== 'admitted') throw new Error(admission.kind);
  return admission;
}

function captured(text: string) {
  return { text, totalBytes: Buffer.byteLength(text), cut: false };
}

test.each([
  ['letters', LARGE],
  ['pairs of surrogates, also on the border of two pieces', `x${'🙂'.repeat(400_000)}`],
  ['others, and a NUL', `${'日本語 ä\n'.repeat(80_000)}\0end`],
])('a large output is stored as it is: %s', async (_name, text) => {
  const store = testStore(tempDir());
  const { run, resultId } = await admitted(store, 'r1');
  const textBytes = Buffer.byteLength(text);
  const stderr = { ...captured(text), textBytes, totalBytes: textBytes + 7, cut: true };
  expect(await store.runs.finish(run, ending(resultId, { stdout: captured(text), stderr }))).toBe(true);
  expect(store.history.output(run, 'stdout')?.text === text).toBe(true);
  expect(store.history.output(run, 'stderr')?.text === text).toBe(true);
  expect(store.history.output(run, 'stderr')).toMatchObject({ totalBytes: textBytes + 7, cut: true });
});

test('each is committed by itself, and last the end with its result; a short one goes with its end', async () => {
  const store = testStore(tempDir());
  const states: unknown[] = [];
  const [large, short] = [await admitted(store, 'large'), await admitted(store, 'short')];
  const unwatch = store.commits.watch(() => {
    const has = (['stdout', 'stderr'] as const).filter((stream) => store.history.output(large.run, stream));
    states.push([...has, store.history.get(large.run)?.state, store.outbox.counts().waiting]);
  });
  const outputs = { stdout: captured(LARGE), stderr: captured(LARGE) };
  await store.runs.finish(large.run, ending(large.resultId, outputs));
  expect(states).toEqual([
    ['stdout', 'admitted', 0],
    ['stdout', 'stderr', 'admitted', 0],
    ['stdout', 'stderr', 'finished', 1],
  ]);
  await store.runs.finish(short.run, ending(short.resultId));
  expect(states).toHaveLength(4);
  unwatch();
});

test('what a process that was interrupted left of an output is gone with the end that the next one gives', async () => {
  const directory = tempDir();
  const opened = openStore(directory);
  if (opened.kind !== 'open') throw new Error(opened.kind);
  const store = new Store(opened.db, storeOptions(directory));
  const { run, resultId } = await admitted(store, 'r1');
  for (const stream of ['stdout', 'stderr'])
    opened.db.prepare('INSERT INTO outputs VALUES (?, ?, ?, 9, 0)').run(run, stream, 'left over');
  const interrupted = { reason: 'INTERRUPTED', exitCode: 121, stderr: captured('unknown') } as const;
  await store.runs.finish(run, ending(resultId, { ...interrupted, stdout: captured('') }));
  expect(store.history.output(run, 'stdout')).toBeUndefined();
  expect(store.history.output(run, 'stderr')?.text).toBe('unknown');
  await store.close();
});

test('a run that has ended is not changed by the output of a second end', async () => {
  const store = testStore(tempDir());
  const { run, resultId } = await admitted(store, 'r1');
  await store.runs.finish(run, ending(resultId));
  expect(await store.runs.finish(run, ending(resultId, { stdout: captured(LARGE) }))).toBe(false);
  expect(store.history.output(run, 'stdout')?.text).toBe('hello\n');
});

test('many that end together are all stored, each with its own', async () => {
  const store = testStore(tempDir());
  const runs = await Promise.all([1, 2, 3, 4].map((n) => admitted(store, `r${n}`)));
  const text = (run: number) => `${run} ${LARGE}`;
  await Promise.all(
    runs.map(({ run, resultId }) => store.runs.finish(run, ending(resultId, { stdout: captured(text(run)) }))),
  );
  for (const { run } of runs) expect(store.history.output(run, 'stdout')?.text === text(run)).toBe(true);
  expect(store.outbox.counts().waiting).toBe(4);
});
