/** The Debian package under a real systemd and apt: says that there is a release, and with `[update] by_apt` has apt install it. */
import { Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { releaseObjects } from '../../src/agent/update/release-names.ts';
import { eventually } from '../../test/support/eventually.ts';
import { command, publishCommand, putKey, waitForResult } from '../../test/support/fleet.ts';
import { type NatsServer, startNatsServer } from '../../test/support/nats-server.ts';
import { TARGET, testRelease, testTrust } from '../../test/support/releases.ts';
import { sealRelease } from '../../tools/release/documents.ts';
import { bootedDebian, noSystemd } from './booted-debian.ts';
import { DEBIAN, type Debian } from './debian.ts';
import { operatorOfFile, versionsHeard } from './fleet-of-file.ts';

const PC_ID = 'PC-APT';
const UNIT = 'kanade-tray-agent.service';
const NEXT = '9.1.0';
const SETTINGS = '/etc/kanade/agent.toml';
const WITHIN_MS = 120_000;
const EVERY_MS = 500;
const [root = ''] = Object.values(DEBIAN?.roots ?? {});
const reason = noSystemd === null ? '' : ` (${noSystemd})`;

describe.skipIf(DEBIAN === null || noSystemd !== null)(`updates of the Debian package${reason}`, () => {
  const trust = testTrust({ expires: Date.parse('2099-01-01T00:00:00Z') });
  let heard: string[] = [];
  let debian: Debian;
  let broker: NatsServer;
  let nc: NatsConnection;

  beforeAll(async () => {
    debian = await bootedDebian(root);
    broker = await startNatsServer();
    nc = await operatorOfFile(broker);
    heard = versionsHeard(nc, PC_ID);
    const { current = '', next = '' } = DEBIAN?.packages ?? {};
    const [installed] = [debian.addPackage(current), debian.addPackage(next)];
    debian.put('/etc/kanade/update-keys.json', trust.pin.toString());
    settings('');
    const { code, output } = await debian.run(`dpkg -i ${installed}`);
    expect(code, output).toBe(0);
  });
  afterAll(async () => {
    debian.dispose();
    await nc.close();
    await broker.stop();
  });

  function settings(more: string): void {
    const lines = [`[agent]\nid = "${PC_ID}"\nnats_url = "${broker.url}"\n`];
    lines.push('[log]\npath = "/var/log/kanade/agent.log"\nlevel = "info"\n');
    lines.push(`[update]\nkeys_file = "update-keys.json"\n${more}`);
    debian.put(SETTINGS, lines.join('\n'));
  }

  /** Signs a release of that version; its bytes are nothing that apt looks at. */
  async function offer(version: string): Promise<void> {
    const names = releaseObjects(version, TARGET);
    const body = Buffer.from('of the headless installation');
    const bucket = await new Objm(nc).open('agent_releases');
    await bucket.putBlob({ name: names.package }, body);
    const lasting = { expires: Date.parse('2098-01-01T00:00:00Z') };
    await bucket.putBlob(
      { name: names.manifest },
      sealRelease(testRelease(trust.keys, body, { version, ...lasting }), [trust.online]),
    );
    await putKey(nc, 'agent_config', 'global', { target_version: version });
  }

  /** The only repository that `/etc/apt` names. */
  async function emptyRepository(): Promise<void> {
    const made = [
      'set -e',
      'mkdir -p /repo && : > /repo/Packages',
      'rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*',
      'echo "deb [trusted=yes] file:/repo ./" > /etc/apt/sources.list.d/it.list',
    ];
    const { code, output } = await debian.run(made.join('\n'));
    expect(code, output).toBe(0);
  }

  async function publish(): Promise<void> {
    const made = [
      'set -e',
      'cp /packages/*_9.1.0_*.deb /repo/next.deb && cd /repo',
      '{ dpkg-deb -f next.deb; echo "Filename: ./next.deb"; echo "Size: $(stat -c %s next.deb)"; echo "SHA256: $(sha256sum next.deb | cut -d" " -f1)"; } > Packages',
    ];
    const { code, output } = await debian.run(made.join('\n'));
    expect(code, output).toBe(0);
  }

  async function journal(): Promise<string> {
    return (await debian.run(`cat /var/log/kanade/agent*.log; journalctl --no-pager -o cat -n 40`)).output;
  }

  async function installed(): Promise<string> {
    return (await debian.run(`dpkg-query -W -f '\${Version}' kanade-tray`)).output.trim();
  }

  it('a release is shown, and left to the package manager', async () => {
    await eventually(() => expect(heard).toEqual([packageJson.version]), WITHIN_MS, EVERY_MS);
    await offer(NEXT);
    await eventually(
      async () => expect(await journal()).toMatch(/state=available .*wanted=9\.1\.0/),
      WITHIN_MS,
      EVERY_MS,
    );
    expect(await installed()).toBe(packageJson.version);
  });

  it('set otherwise, it waits for a repository that has it, and then has apt install it; commands go on', async () => {
    await emptyRepository();
    settings('by_apt = true\n');
    await debian.run(`systemctl restart ${UNIT}`);
    await eventually(
      async () => expect(await journal()).toMatch(/the update waits .*for=package/),
      WITHIN_MS,
      EVERY_MS,
    );
    expect(await installed()).toBe(packageJson.version);
    await publish();
    // The next try is in a minute, or with the next start.
    await debian.run(`systemctl restart ${UNIT}`);
    await eventually(async () => expect(await installed()).toBe(NEXT), WITHIN_MS, EVERY_MS);
    await eventually(() => expect(heard.at(-1)).toBe(NEXT), WITHIN_MS, EVERY_MS);
    const id = await publishCommand(nc, `commands.pc.${PC_ID}`, command({ script: 'echo from the new one' }));
    expect(await waitForResult(nc, id, { timeoutMs: WITHIN_MS })).toMatchObject({ exit_code: 0 });
    expect((await debian.run('dpkg --audit; dpkg -V kanade-tray')).output.trim()).toBe('');
  });
});
