/**
 * Loaded before an agent by the benchmark (`--import`), never a part of the product: on SIGUSR2 it writes for how many ms the event
 * loop was held at most since the last time, and begins again.
 */
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const SAMPLE_EVERY_MS = 1;
const delay = monitorEventLoopDelay({ resolution: SAMPLE_EVERY_MS });
delay.enable();

process.on('SIGUSR2', () => {
  writeFileSync(process.env.BENCH_LOOP_FILE, `${Math.max(0, delay.max / 1e6 - SAMPLE_EVERY_MS)}\n`);
  delay.reset();
});
