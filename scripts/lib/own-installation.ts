/**
 * An installation that updates itself, laid out as the headless package is, from the agent that is built. Its Node is the one of the
 * project, and so are its packages. Linux only.
 */
import { chmodSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import packageJson from '../../package.json' with { type: 'json' };
import { writeCurrent } from '../../src/base/current-version.ts';
import { ROOT } from '../bootstrap/paths.mjs';
import { AGENT_MAIN } from './building.ts';

/** What is started of it. */
export function starterOf(root: string): string {
  return join(root, 'bin', 'kanade-tray-agent');
}

export function currentFileOf(root: string): string {
  return join(root, 'private', 'current.json');
}

/** With one version, which counts. */
export function layOutInstallation(root: string, version: string, node: string): void {
  makeVersion(join(root, 'versions', version), version, node);
  for (const name of ['bin', 'private']) mkdirSync(join(root, name));
  cpSync(join(ROOT, 'packaging', 'linux', 'starter.sh'), starterOf(root));
  writeCurrent(currentFileOf(root), { version });
}

/** A version of the agent that is built, which calls itself `version`. */
export function makeVersion(directory: string, version: string, node: string): void {
  const agent = join(directory, 'agent');
  const isLeftOut = (path: string) => path.endsWith('.map') || path.endsWith('.inputs');
  cpSync(dirname(AGENT_MAIN), agent, { recursive: true, filter: (path) => !isLeftOut(path) });
  for (const name of readdirSync(agent).filter((each) => each.endsWith('.js'))) {
    const text = readFileSync(join(agent, name), 'utf8');
    writeFileSync(join(agent, name), text.replaceAll(`"${packageJson.version}"`, `"${version}"`));
  }
  const program = join(directory, 'node', 'node');
  mkdirSync(dirname(program));
  writeFileSync(program, `#!/bin/sh\nNODE_PATH='${join(ROOT, 'node_modules')}' exec '${node}' "$@"\n`);
  chmodSync(program, 0o755);
}
