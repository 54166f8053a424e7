import { describe, expect, it } from 'vitest';
import { tempDir } from '../../test/support/temp.ts';
import type { ServiceState } from '../platform/windows/service-manager.ts';
import { writeChoices } from './choices.ts';
import { isOfACommand } from './hand-over.ts';
import { Layout } from './layout.ts';

const OURS = 'C:\\Program Files\\Kanade Tray\\private\\kanade-tray-agent.exe';
const ORIGINAL = 'D:\\Kanade\\bin\\Kanade-Agent.exe';
const THEIRS = 'C:\\Users\\taro\\kanade-tray-agent.exe';

interface Pc {
  readonly ancestors?: readonly string[];
  readonly service?: ServiceState;
  /** What the agent says of the run; null: nobody answers. */
  readonly knows?: boolean | null;
  readonly mode?: 'service' | 'tray';
  readonly run?: string;
}

function asked({ ancestors = [], service = 'running', knows = false, mode = 'service', run }: Pc): Promise<boolean> {
  const layout = new Layout(tempDir());
  writeChoices(layout, { mode, tray: true, autostart: true });
  const system = {
    ancestors: () => ancestors.map((path, at) => ({ pid: at + 1, path })),
    untrusted: (path: string) => (path.startsWith('C:\\Users\\taro') ? 'can be changed by S-1-5-21-1' : null),
    serviceState: () => service,
  };
  const talk = { hasRunning: async (resultId: string) => (resultId === 'a-run' ? knows : false) };
  return isOfACommand({ system, talk, layout }, run === undefined ? {} : { KTRAY_RUN: run });
}

describe('a set-up is of a command of the fleet', () => {
  it.each([
    ['below our agent', { ancestors: ['C:\\Windows\\System32\\cmd.exe', OURS] }],
    ['below the original', { ancestors: [ORIGINAL] }],
    ['with the variable of a run that the agent knows', { run: 'a-run', knows: true }],
    ['with one where nobody answers', { run: 'a-run', knows: null }],
    ['with one in tray mode, where the agent is the person’s own', { run: 'a-run', mode: 'tray', service: 'absent' }],
  ] satisfies [string, Pc][])('%s', async (_where, pc) => {
    expect(await asked(pc)).toBe(true);
  });

  it.each([
    ['without an agent behind it', { ancestors: ['C:\\Windows\\explorer.exe'] }],
    ['below a program of a person that is called so', { ancestors: [THEIRS] }],
    ['with a variable that the agent does not know', { run: 'made-up', knows: true }],
    ['with one while no agent runs', { run: 'a-run', knows: null, service: 'stopped' }],
  ] satisfies [string, Pc][])('not %s', async (_where, pc) => {
    expect(await asked(pc)).toBe(false);
  });
});
