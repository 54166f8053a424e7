/** One table of settings, four forms of its policies: registry, policy.json, ADMX and ADML (deploy §4). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DOMParser } from '@xmldom/xmldom';
import { describe, expect, it } from 'vitest';
import { addPolicy, Collected, POLICY_NAMES } from '../src/agent/config/collect.ts';
import { POLICY_KEY } from '../src/platform/policies.ts';
import { POLICIES, policyTemplates } from '../tools/docs/policy-templates.ts';
import { POLICY_TEXTS } from '../tools/docs/policy-texts.ts';

const ROOT = join(import.meta.dirname, '..');
const made = policyTemplates();
const admx = made['policies/kanade-tray.admx'] ?? '';
const adml = { en: made['policies/en-US/kanade-tray.adml'] ?? '', ja: made['policies/ja-JP/kanade-tray.adml'] ?? '' };

/** Strict: whatever the parser complains about is a failure. */
function parsed(xml: string) {
  const problems: string[] = [];
  const document = new DOMParser({
    onError: (level, message) => problems.push(`${level}: ${message}`),
  }).parseFromString(xml, 'text/xml');
  expect(problems).toEqual([]);
  return document;
}

function attributes(xml: string, element: string, name: string): string[] {
  return Array.from(parsed(xml).getElementsByTagName(element), (found) => found.getAttribute(name) ?? '');
}

/** What `$(kind.name)` names, each once. */
function references(xml: string, kind: string): string[] {
  return [
    ...new Set(Array.from(xml.matchAll(new RegExp(`\\$\\(${kind}\\.(\\w+)\\)`, 'g')), (match) => match[1] ?? '')),
  ].toSorted();
}

it.each(Object.keys(made))('%s is as the table makes it (`npm run docs` brings it up to date)', (file) => {
  expect(readFileSync(join(ROOT, file), 'utf8')).toBe(made[file]);
});

it('each policy of the table is there, and none else', () => {
  expect(attributes(admx, 'policy', 'name').toSorted()).toEqual([...POLICY_NAMES].toSorted());
  expect(Object.keys(POLICY_TEXTS).toSorted()).toEqual([...POLICY_NAMES].toSorted());
  expect(new Set(attributes(admx, 'policy', 'key'))).toEqual(new Set([POLICY_KEY]));
});

describe.each(['en', 'ja'] as const)('the texts in %s', (language) => {
  it('are those that the template names, all and no more', () => {
    expect(attributes(adml[language], 'string', 'id').toSorted()).toEqual(references(admx, 'string'));
    expect(attributes(adml[language], 'presentation', 'id').toSorted()).toEqual(references(admx, 'presentation'));
  });

  it('say something for each', () => {
    const texts = Array.from(parsed(adml[language]).getElementsByTagName('string'), (one) => one.textContent ?? '');
    expect(texts.filter((text) => text.trim() === '')).toEqual([]);
  });
});

/** A value as the policy editor would write it into the registry. */
function written(name: string): unknown[] {
  const policy = Array.from(parsed(admx).getElementsByTagName('policy')).find(
    (one) => one.getAttribute('name') === name,
  );
  if (policy === undefined) throw new Error(name);
  const numbers = Array.from(policy.getElementsByTagName('decimal'), (one) => one);
  const values = numbers.flatMap((one) => {
    if (one.hasAttribute('value')) return [Number(one.getAttribute('value'))];
    return [Number(one.getAttribute('minValue')), Number(one.getAttribute('maxValue'))];
  });
  const choices = Array.from(policy.getElementsByTagName('string'), (one) => one.textContent ?? '');
  return [...values, ...choices];
}

it.each(POLICIES.map(({ name }) => name).filter((name) => written(name).length > 0))(
  '%s: the agent takes every value that the template can write',
  (name) => {
    for (const value of written(name)) {
      const collected = new Collected();
      const at = { source: 'policy', file: 'registry', line: null } as const;
      addPolicy(collected, name, value, at, { platform: 'win32', start: 'C:\\', file: null });
      expect([value, collected.problems, collected.warnings]).toEqual([value, [], []]);
      expect(collected.candidates.size).toBe(1);
    }
  },
);

it('the example of policy.json is one that the agent takes', () => {
  const collected = new Collected();
  const example = JSON.parse(made['policies/policy.example.json'] ?? '');
  for (const [name, value] of Object.entries(example)) {
    const at = { source: 'policy', file: 'policy.json', line: null } as const;
    addPolicy(collected, name, value, at, { platform: 'linux', start: '/', file: '/etc/kanade-tray' });
  }
  expect([collected.problems, collected.warnings]).toEqual([[], []]);
  expect(collected.candidates.size).toBe(Object.keys(example).length);
});
