/**
 * The package on a Debian with a real systemd and a broker of its own: installed before each test, and at rest. For describe blocks;
 * everything goes with the block.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, beforeEach, describe, expect } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import {
  command,
  type ExecResult,
  provisionedOperator,
  publishCommand,
  waitForResult,
} from '../../test/support/fleet.ts';
import { type NatsServer, startNatsServer } from '../../test/support/nats-server.ts';
import { bootedDebian, noSystemd } from './booted-debian.ts';
import { DEBIAN, type Debian } from './debian.ts';

export const UNIT = 'kanade-tray-agent.service';
export const AFTERWARDS = 'kanade-tray-upgrade.service';
export const SLOW_MS = 60_000;
const roots = Object.entries(DEBIAN?.roots ?? { 'no Debian': '' });
/** One that takes longer than all others is of whole runs. */
export const isQuick = roots.length === 1;
const reason = noSystemd === null ? '' : ` (${noSystemd})`;

/** `tests`: what is tried on a PC with each Debian there is. */
export function describeSystemd(tests: (pc: SystemdPc) => void): void {
  describe.skipIf(DEBIAN === null || noSystemd !== null).each(roots)(`a systemd on %s${reason}`, (release, root) => {
    const pc = new SystemdPc(`PC-${release}`);
    beforeAll(() => pc.boot(root));
    afterAll(() => pc.dispose());
    beforeEach(() => pc.install());
    tests(pc);
  });
}

interface Booted {
  readonly debian: Debian;
  readonly broker: NatsServer;
  /** Paths there. */
  readonly packages: { readonly current: string; readonly next: string };
}

export class SystemdPc {
  readonly #pcId: string;
  #booted: Booted | null = null;
  /** Of the test that runs. */
  #fleet: NatsConnection | null = null;

  constructor(pcId: string) {
    this.#pcId = pcId;
  }

  get #up(): Booted {
    if (this.#booted === null) throw new Error('the PC has not been booted');
    return this.#booted;
  }

  get #operator(): NatsConnection {
    if (this.#fleet === null) throw new Error('there is no operator yet');
    return this.#fleet;
  }

  get debian(): Debian {
    return this.#up.debian;
  }

  get packages(): Booted['packages'] {
    return this.#up.packages;
  }

  async boot(root: string): Promise<void> {
    const debian = await bootedDebian(root);
    const broker = await startNatsServer();
    const { current = '', next = '' } = DEBIAN?.packages ?? {};
    const packages = { current: debian.addPackage(current), next: debian.addPackage(next) };
    this.#booted = { debian, broker, packages };
    debian.put('/etc/kanade/agent.toml', this.settings());
  }

  async dispose(): Promise<void> {
    this.#booted?.debian.dispose();
    await this.#booted?.broker.stop();
  }

  settings(): string {
    return `[agent]\nid = "${this.#pcId}"\nnats_url = "${this.#up.broker.url}"\n\n[log]\npath = "/var/log/kanade/agent.log"\nlevel = "info"\n`;
  }

  /** Whatever is there. */
  async install(): Promise<void> {
    this.#fleet = await provisionedOperator(this.#up.broker);
    const { code, output } = await this.debian.run(`dpkg -i --force-downgrade ${this.packages.current}`);
    expect(code, output).toBe(0);
    await this.upgradeIsOver();
    expect(await this.show('ActiveState')).toBe('active');
  }

  async show(property: string, unit = UNIT): Promise<string> {
    return (await this.debian.run(`systemctl show --property=${property} --value ${unit}`)).output.trim();
  }

  /** The unit that sees to the end of an upgrade has done so. */
  async upgradeIsOver(): Promise<void> {
    await eventually(async () => expect(await this.show('ActiveState', AFTERWARDS)).toBe('inactive'), SLOW_MS);
  }

  async journal(): Promise<string> {
    return (await this.debian.run(`journalctl --no-pager -o cat -u ${UNIT} -u ${AFTERWARDS} -n 60`)).output;
  }

  async send(script: string, timeoutSecs = 120): Promise<string> {
    const sent = command({ shell: 'sh', script, timeout_secs: timeoutSecs });
    await publishCommand(this.#operator, `commands.pc.${this.#pcId}`, sent);
    return sent.request_id;
  }

  async carriedOut(script: string, timeoutSecs?: number): Promise<ExecResult> {
    return waitForResult(this.#operator, await this.send(script, timeoutSecs), { timeoutMs: SLOW_MS });
  }

  /** The next version, with minutes between the beginning of its installation and the first file that is replaced. */
  async slowPackage(): Promise<string> {
    const make = [
      `rm -rf /tmp/slow && mkdir /tmp/slow && dpkg-deb -R ${this.packages.next} /tmp/slow/tree`,
      'printf "#!/bin/sh\\nsleep 300\\n" > /tmp/slow/tree/DEBIAN/preinst && chmod 755 /tmp/slow/tree/DEBIAN/preinst',
      'dpkg-deb -Znone -b /tmp/slow/tree /tmp/slow/slow.deb',
    ];
    const { code, output } = await this.debian.run(make.join(' && '));
    expect(code, output).toBe(0);
    return '/tmp/slow/slow.deb';
  }

  async expectOnTheAir(version: string): Promise<void> {
    await eventually(async () => {
      const pid = await this.show('MainPID');
      const { output } = await this.debian.run(`readlink /proc/${pid}/exe`);
      expect([await this.show('ActiveState'), output], await this.journal()).toEqual([
        'active',
        '/usr/lib/kanade-tray/node/node\n',
      ]);
    }, SLOW_MS);
    expect((await this.debian.run('dpkg-query -W kanade-tray')).output).toBe(`kanade-tray\t${version}\n`);
    expect(await this.carriedOut('echo here')).toMatchObject({ exit_code: 0, stdout: 'here\n' });
  }
}
