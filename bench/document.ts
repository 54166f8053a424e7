/**
 * docs/performance.md: the prose of performance.template.md with the numbers of this run. What is to be kept from run to run
 * is written in the template, never in the document.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import packageJson from '../package.json' with { type: 'json' };
import type { Bench } from './bench.ts';
import { PARALLEL } from './contenders.ts';
import { limitsTable, rowsTable, verdicts } from './report.ts';

const TEMPLATE = fileURLToPath(new URL('performance.template.md', import.meta.url));
const DOCUMENT = fileURLToPath(new URL('../docs/performance.md', import.meta.url));

/** Writes the document and returns its path. */
export function writeDocument(bench: Bench): string {
  const goals = verdicts(bench.book);
  const missed = goals.filter(({ met }) => !met);
  const values: Readonly<Record<string, string>> = {
    machine: machine(),
    versions: versions(bench),
    day: new Date().toISOString().slice(0, 10),
    standIn: bench.standIn.kind,
    parallel: String(PARALLEL),
    rounds: String(bench.sizes.rounds),
    diskMib: String(bench.sizes.diskMib),
    rows: rowsTable(bench.book),
    limits: limitsTable(bench.book),
    met: `${goals.length - missed.length} of ${goals.length} goals are met.`,
    missed: missed.length === 0 ? 'None.' : missed.map(({ sentence }) => `- ${sentence}`).join('\n'),
  };
  const text = readFileSync(TEMPLATE, 'utf8').replaceAll(/\{\{(\w+)\}\}/g, (mark, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`performance.template.md asks for ${mark}, which is not there`);
    return value;
  });
  writeFileSync(DOCUMENT, text);
  return DOCUMENT;
}

function machine(): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memoryGb = Math.round(totalmem() / 1024 ** 3);
  return `${availableParallelism()} × ${model}, ${memoryGb} GB memory, ${distribution()}`;
}

function distribution(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]+)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'Linux';
  } catch {
    return 'Linux';
  }
}

function versions({ programs, serverVersion }: Bench): string {
  const said = execFileSync(programs.original, ['--version'], { encoding: 'utf8' }).trim();
  return `kanade-tray ${packageJson.version} on Node ${process.versions.node}, ${said}, nats-server ${serverVersion}`;
}
