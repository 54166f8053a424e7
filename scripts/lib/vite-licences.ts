/**
 * The module `virtual:licences` for the window: name, version, licence and its text for every package that ships. Invariant:
 * it is read from what is installed when the window is built, so the list can't be out of date.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'vite';
import { ROOT } from '../bootstrap/paths.mjs';

const ID = 'virtual:licences';
const FILE = /^(licen[cs]e|copying|notice)(\.|-|$)/i;

export interface Licence {
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly text: string;
}

export function licences(): Plugin {
  return {
    name: 'licences',
    resolveId: (id) => (id === ID ? `\0${ID}` : undefined),
    load: (id) => (id === `\0${ID}` ? `export const licences = ${JSON.stringify(shippedLicences(ROOT))}` : undefined),
  };
}

/** The dependencies of the product with all of theirs, each once, by name. */
export function shippedLicences(root: string): Licence[] {
  const found: Map<string, Licence> = new Map();
  const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const add = (name: string, from: string) => {
    const directory = resolvePackage(name, from, root);
    if (directory === null) return;
    const { version, license, dependencies = {} } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    const key = `${name}@${version}`;
    // Declarations of types are not in what ships.
    if (found.has(key) || name.startsWith('@types/')) return;
    found.set(key, {
      name,
      version,
      licence: typeof license === 'string' ? license : 'see text',
      text: textIn(directory),
    });
    for (const dependency of Object.keys(dependencies)) add(dependency, directory);
  };
  for (const name of Object.keys(own.dependencies)) add(name, root);
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Where Node would find it; null: an optional package of another platform. */
function resolvePackage(name: string, from: string, root: string) {
  for (let directory = from; directory.startsWith(root); directory = join(directory, '..')) {
    const candidate = join(directory, 'node_modules', name);
    if (existsSync(join(candidate, 'package.json'))) return candidate;
  }
  return null;
}

function textIn(directory: string) {
  const file = readdirSync(directory)
    .sort()
    .find((name) => FILE.test(name));
  return file === undefined ? '' : readFileSync(join(directory, file), 'utf8').trim();
}
