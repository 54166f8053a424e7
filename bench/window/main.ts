/**
 * `npm run bench:window [-- --smoke]`: what the window costs and how fast it is, into docs/performance.md between its marks.
 * The smoke run is small and writes nothing.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { findNode24 } from '../../scripts/bootstrap/node24.mjs';
import { AgentProcess, agentToml, withoutKanade } from '../../scripts/lib/agent-process.ts';
import { Broker } from '../../scripts/lib/broker.ts';
import { provision } from '../../scripts/lib/fleet.ts';
import { findNatsServer } from '../../scripts/lib/nats-server.ts';
import { serveWindowPage } from '../../scripts/lib/window-page.ts';
import { prepareStore } from '../prepared.ts';
import { appShellFigures } from './app-shell.ts';
import { type Figure, figuresTable } from './figures.ts';
import { pageFigures } from './page.ts';

const PLACES = ['../performance.template.md', '../../docs/performance.md'].map((name) =>
  join(import.meta.dirname, name),
);
const MARKS = /(<!-- Window: made by `npm run bench:window` -->\n)[\s\S]*?(<!-- End of the window -->)/;

async function main(): Promise<number> {
  const smoke = process.argv.includes('--smoke');
  const binary = await findNatsServer();
  if (binary === undefined) throw new Error('there is no nats-server: npm start sets it up');
  const directory = mkdtempSync(join(tmpdir(), 'kanade-tray-bench-'));
  const broker = new Broker({ binary, directory: join(directory, 'broker') });
  await broker.start();
  const nc = await connect({ servers: broker.url });
  try {
    await provision(nc);
    const figures: Figure[] = [];
    const data = join(directory, 'page', 'data');
    const rows = smoke ? 2_000 : 100_000;
    await prepareStore(data, { count: rows, unsent: false, jobs: 7 });
    const config = join(directory, 'page', 'agent.toml');
    writeFileSync(
      config,
      agentToml({ id: 'BENCH', natsUrl: broker.url, logFile: join(directory, 'page', 'agent.log') }),
    );
    const agent = new AgentProcess({ node: findNode24(), config, dataDir: data, env: withoutKanade(process.env) });
    agent.start();
    const page = await serveWindowPage({
      node: findNode24(),
      dataDir: data,
      env: withoutKanade(process.env),
      onAddress: () => {},
    });
    try {
      const work = { nc, subject: 'commands.pc.BENCH', rows, burst: smoke ? 50 : 1_000 };
      figures.push(...(await pageFigures(page.address, work)));
    } finally {
      await page.stop();
      await agent.stop();
    }
    const sizes = smoke ? { opens: 3, idleMs: 3_000 } : { opens: 100, idleMs: 600_000 };
    figures.push(...(await appShellFigures(join(directory, 'app-shell'), broker.url, sizes)));
    console.log(`\n${figuresTable(figures)}\n`);
    if (!smoke) for (const place of PLACES) write(place, figures);
    return 0;
  } finally {
    await nc.close();
    await broker.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

function write(place: string, figures: readonly Figure[]): void {
  const text = readFileSync(place, 'utf8');
  const day = new Date().toISOString().slice(0, 10);
  const section = `Measured on ${day} on the same machine, which draws in software.\n\n${figuresTable(figures)}\n`;
  if (!MARKS.test(text)) throw new Error(`${place} has no place for the window`);
  writeFileSync(
    place,
    text.replace(MARKS, (_, begin: string, end: string) => begin + section + end),
  );
}

process.exitCode = await main();
