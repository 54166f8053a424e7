/** Our vectors of signatures, made by OpenSSL, as the original's own library at 0.101.0 finds them. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { cacheDir } from '../../scripts/bootstrap/paths.mjs';

const VECTORS = join(import.meta.dirname, '../../test/support/signing/vectors.json');
const CRATE = join(import.meta.dirname, 'support/signature-vectors');
/** The library and all that it needs are built once. */
const BUILD_MS = 900_000;

interface Vector {
  readonly name: string;
  readonly expected: { readonly form: string; readonly state?: string };
  /** What the original finds, where we find something else on purpose. */
  readonly original?: string;
}

test('the original finds of each vector what we do, or what is noted of it', { timeout: BUILD_MS }, () => {
  const args = ['run', '--quiet', '--locked', '--manifest-path', join(CRATE, 'Cargo.toml')];
  const target = ['--target-dir', join(cacheDir(process.env), 'signature-vectors')];
  const output = execFileSync('cargo', [...args, ...target, '--', VECTORS], { encoding: 'utf8' });
  const theirs = output
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(' unread', ''));
  const { cases } = JSON.parse(readFileSync(VECTORS, 'utf8')) as { cases: readonly Vector[] };
  const ours = cases.map(
    ({ expected: { form, state }, original }) => original ?? (state === undefined ? form : `${form} ${state}`),
  );
  const named = (found: readonly string[]) => cases.map(({ name }, index) => `${name}: ${found[index]}`);
  expect(named(theirs)).toEqual(named(ours));
  expect(theirs).toHaveLength(cases.length);
});
