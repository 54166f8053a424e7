/** A machine of its own for tests of the settings: nothing of the one they run on plays a part. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Loaded, type LoadInput, loadBootConfig } from '../../src/agent/config/load.ts';
import type { Machine } from '../../src/agent/config/machine.ts';
import type { TemplateFacts } from '../../src/agent/config/template-expression.ts';
import type { PolicyReading } from '../../src/platform/policies.ts';
import { directoriesOf } from '../../src/shared/directories.ts';
import type { Hosting } from '../../src/shared/states.ts';

export const FACTS: TemplateFacts = {
  system: { host: 'PC-7', os: 'linux', arch: 'x86_64', user: 'taro', cwd: '/start' },
  home: '/home/taro',
  platform: 'linux',
  env: { SITE: 'osaka', EMPTY: '' },
};

export const NO_POLICIES: PolicyReading = { values: new Map(), ignored: [], problems: [] };

export class TestMachine {
  readonly root = mkdtempSync(join(tmpdir(), 'kanade-tray-config-'));

  file(name: string, content: string | Uint8Array): string {
    const path = join(this.root, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  /** Its directories lie below `root`: `machine/` for a service, `user/` for tray mode. */
  machine(startedAs: Hosting = 'headless', more: Partial<Machine> = {}): Machine {
    const directories = {
      ...directoriesOf({ startedAs, platform: 'linux', env: {}, cwd: this.root, home: this.root }),
      config: join(this.root, startedAs === 'tray' ? 'user' : 'machine'),
      logs: join(this.root, 'logs'),
      machineConfig: startedAs === 'tray' ? join(this.root, 'machine') : null,
    };
    const none = { policies: NO_POLICIES, signedCommandsSwitch: null, helpdeskHash: { kind: 'absent' } } as const;
    return { directories, facts: FACTS, ...none, ...more };
  }

  load(input: Partial<LoadInput> = {}): Loaded {
    const machine = input.machine ?? this.machine(input.startedAs);
    return loadBootConfig({ env: {}, platform: 'linux', cwd: '/start', ...input, machine });
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** A complete `agent.toml`, whose lines 1 to 6 are these, followed by `more`. */
export function toml(more = ''): string {
  return `[agent]\nid = "PC-1"\nnats_url = "nats://broker:4222"\n[log]\npath = "/var/log/kanade/agent.log"\nlevel = "info"\n${more}`;
}
