/**
 * Finds what breaks the rules of `layers.ts`. Tests are free to import what they test with, and are not checked.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, posix, relative, sep } from 'node:path';
import { parseSync } from 'vite';
import { FOR_ALL, LAYERS, OUTSIDE, PACKAGES } from './layers.ts';

export interface Violation {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly rule: string;
}

interface Import {
  readonly line: number;
  /** As written. */
  readonly specifier: string;
}

interface Source {
  /** Relative to the root, with `/`. */
  readonly file: string;
  readonly lines: number;
  readonly imports: readonly Import[];
  readonly defaultExportLine: number | undefined;
  readonly onlyReExports: boolean;
}

/** Every violation in `src` below `root`, in the order of files and lines. */
export function violations(root: string): Violation[] {
  const sources = readSources(root);
  const found = sources.flatMap((source) => [...importViolations(source), ...formViolations(source)]);
  return [...found, ...cycles(sources)].sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
}

/** Files that are longer than a reader likes, with their lengths in lines. */
export function longFiles(root: string, maxLines: number): { file: string; lines: number }[] {
  return readSources(root)
    .filter((source) => source.lines > maxLines)
    .map(({ file, lines }) => ({ file, lines }));
}

/**
 * What the tables allow and no file does: `src/agent/ship may import src/platform`, `src/main may import tar`. Each package of a rule
 * counts by itself. A layer without files is one as well.
 */
export function unusedPermissions(root: string): string[] {
  const used = new Set<string>();
  for (const { file, imports } of readSources(root)) {
    const layer = layerOf(file);
    if (layer === undefined) continue;
    used.add(layer.path);
    for (const { specifier } of imports) {
      if (specifier.startsWith('.')) {
        const to = layerOf(resolve(file, specifier))?.path;
        if (to !== undefined) used.add(`${layer.path} ${to}`);
        continue;
      }
      const rule = PACKAGES.find(({ packages }) => packages.some((name) => matches(specifier, name)));
      const name = rule?.packages.find((each) => matches(specifier, each));
      for (const path of rule?.only ?? []) if (isBelow(file, path)) used.add(`${path} ${name}`);
    }
  }
  const given = [
    ...LAYERS.filter(({ path }) => !used.has(path)).map(({ path }) => `${path} has no file`),
    ...LAYERS.flatMap(({ path, may }) => may.map((to) => [path, to] as const)),
    ...PACKAGES.flatMap(({ packages, only }) => only.flatMap((path) => packages.map((name) => [path, name] as const))),
  ];
  return given
    .filter((each) => typeof each === 'string' || !used.has(each.join(' ')))
    .map((each) => (typeof each === 'string' ? each : each.join(' may import ')));
}

export function toText({ file, line, rule }: Violation): string {
  return `${file}:${line}: ${rule}`;
}

function readSources(root: string): Source[] {
  return readdirSync(`${root}/src`, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/\.(test|d)\.tsx?$/.test(entry.name))
    .map((entry) => relative(root, `${entry.parentPath}/${entry.name}`).split(sep).join('/'))
    .sort()
    .map((file) => readSource(file, readFileSync(`${root}/${file}`, 'utf8')));
}

function readSource(file: string, text: string): Source {
  const { module, program, errors } = parseSync(file, text);
  if (errors[0]) throw new Error(`${file} cannot be parsed: ${errors[0].message}`);
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length;
  const imports = module.staticImports.map(({ start, moduleRequest }) => ({
    line: lineAt(start),
    specifier: moduleRequest.value,
  }));
  const exported = module.staticExports.flatMap(({ entries }) => entries);
  for (const { start, moduleRequest } of exported) {
    if (moduleRequest) imports.push({ line: lineAt(start), specifier: moduleRequest.value });
  }
  for (const { moduleRequest } of module.dynamicImports) {
    const literal = /^(['"`])([^$]*)\1$/.exec(text.slice(moduleRequest.start, moduleRequest.end));
    if (literal?.[2] === undefined) continue;
    imports.push({ line: lineAt(moduleRequest.start), specifier: literal[2] });
  }
  const byDefault = exported.find(
    (entry) => entry.exportName.kind === 'Default' || entry.exportName.name === 'default',
  );
  return {
    file,
    lines: text.split('\n').length - 1,
    imports,
    defaultExportLine: byDefault && lineAt(byDefault.start),
    onlyReExports: program.body.length > 0 && program.body.every((node) => isReExport(node)),
  };
}

function isReExport(node: { type: string; source?: unknown }): boolean {
  if (node.type === 'ExportAllDeclaration' || node.type === 'ImportDeclaration') return true;
  return node.type === 'ExportNamedDeclaration' && Boolean(node.source);
}

function importViolations({ file, imports }: Source): Violation[] {
  const layer = layerOf(file);
  if (!layer) return [{ file, line: 1, rule: 'is in no layer of the table' }];
  return imports.flatMap(({ line, specifier }) => {
    const rule = specifier.startsWith('.')
      ? layerRule(file, layer.path, layer.may, specifier)
      : packageRule(file, specifier);
    return rule === undefined ? [] : [{ file, line, rule }];
  });
}

function layerRule(file: string, from: string, may: readonly string[], specifier: string): string | undefined {
  const target = resolve(file, specifier);
  if (OUTSIDE.includes(target)) return undefined;
  const to = layerOf(target)?.path;
  if (to === undefined) return `must not import ${target}, which is in no layer of the table`;
  if (to === from || to === FOR_ALL || may.includes(to)) return undefined;
  return `${from} must not import ${to} (${specifier})`;
}

function packageRule(file: string, specifier: string): string | undefined {
  const rule = PACKAGES.find(({ packages }) => packages.some((name) => matches(specifier, name)));
  if (!rule) return `imports ${specifier}, which is in no rule of the table`;
  if (rule.only.some((path) => isBelow(file, path))) return undefined;
  return `must not import ${specifier}: only ${rule.only.join(', ')} may`;
}

function formViolations(source: Source): Violation[] {
  const { file, defaultExportLine } = source;
  const found: Violation[] = [];
  if (defaultExportLine !== undefined) found.push({ file, line: defaultExportLine, rule: 'has a default export' });
  if (isBelow(file, 'src/agent') && (/\/index\.tsx?$/.test(file) || source.onlyReExports)) {
    found.push({ file, line: 1, rule: 'is a barrel: import from where things are' });
  }
  return found;
}

/** One violation for each circle, at the import that closes it. Types count: who reads one of the files has to read all. */
function cycles(sources: readonly Source[]): Violation[] {
  const byFile = new Map(sources.map((source) => [source.file, source]));
  const found: Violation[] = [];
  const done = new Set<string>();
  const visit = (source: Source, trail: readonly string[]): void => {
    for (const { line, specifier } of source.imports) {
      const target = specifier.startsWith('.') ? byFile.get(resolve(source.file, specifier)) : undefined;
      if (!target) continue;
      const start = trail.indexOf(target.file);
      if (start >= 0) {
        const circle = [...trail.slice(start), target.file].join(' → ');
        found.push({ file: source.file, line, rule: `imports in a circle: ${circle}` });
      } else if (!done.has(target.file)) {
        visit(target, [...trail, target.file]);
      }
    }
    done.add(source.file);
  };
  for (const source of sources) {
    if (!done.has(source.file)) visit(source, [source.file]);
  }
  return found;
}

function resolve(file: string, specifier: string): string {
  return posix.join(dirname(file), specifier);
}

/** The layer with the longest path that the file is below. */
function layerOf(file: string): (typeof LAYERS)[number] | undefined {
  return LAYERS.filter(({ path }) => isBelow(file, path)).sort((a, b) => b.path.length - a.path.length)[0];
}

/** `src/agent/duties/update` covers that folder, `update.ts` and `update-poll.ts`, but not `updates.ts`. */
function isBelow(file: string, path: string): boolean {
  return file === path || (file.startsWith(path) && /[/.-]/.test(file.charAt(path.length)));
}

/** A package's own subpaths belong to it. */
function matches(specifier: string, name: string): boolean {
  if (name.endsWith('*')) return specifier.startsWith(name.slice(0, -1));
  return specifier === name || specifier.startsWith(`${name}/`);
}
