/** What this machine does without any agent: durable commits, and round trips to the broker. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Bench } from '../bench.ts';
import { quantile } from '../book.ts';

const API_MS = 10_000;

export async function limits(bench: Bench): Promise<void> {
  for (let round = 0; round < bench.sizes.rounds; round += 1) {
    bench.book.addLimit('fsync', commitsPerSecond(bench));
    bench.book.addLimit('round-trip', await median(bench, () => bench.nc.flush()));
    const stored = () => bench.nc.request(`results.trip-${bench.serial()}`, '{}', { timeout: API_MS });
    bench.book.addLimit('stored-round-trip', await median(bench, stored));
  }
}

/** Single-row commits at `synchronous=FULL`, in the directory where the agents have their data. */
function commitsPerSecond(bench: Bench): number {
  const directory = join(bench.directory, `commits-${bench.serial()}`);
  mkdirSync(directory);
  const db = new Database(join(directory, 'commits.db'));
  try {
    db.pragma('locking_mode=EXCLUSIVE');
    db.pragma('journal_mode=WAL');
    db.pragma('synchronous=FULL');
    db.exec('CREATE TABLE rows (id INTEGER PRIMARY KEY, body TEXT) STRICT');
    const insert = db.prepare('INSERT INTO rows (body) VALUES (?)');
    const beginMs = performance.now();
    for (let i = 0; i < bench.sizes.commits; i += 1) insert.run('one row');
    return bench.sizes.commits / ((performance.now() - beginMs) / 1000);
  } finally {
    db.close();
  }
}

async function median(bench: Bench, trip: () => Promise<unknown>): Promise<number> {
  const tripsMs: number[] = [];
  for (let i = 0; i < bench.sizes.roundTrips; i += 1) {
    const beginMs = performance.now();
    await trip();
    tripsMs.push(performance.now() - beginMs);
  }
  return quantile(tripsMs, 0.5);
}
