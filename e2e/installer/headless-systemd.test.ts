/** The headless archive under a real systemd, as docs/deploy.md installs it: it starts, takes an update, and goes back from a bad one. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Objm } from '@nats-io/obj';
import type { NatsConnection } from '@nats-io/transport-node';
import { create } from 'tar';
import { describe, expect, it, onTestFinished } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { findNode24 } from '../../scripts/bootstrap/node24.mjs';
import { ensureBuilt } from '../../scripts/lib/building.ts';
import { buildHeadless } from '../../scripts/lib/packaging/headless.ts';
import { releaseObjects } from '../../src/agent/update/release-names.ts';
import { eventually } from '../../test/support/eventually.ts';
import { command, provisionedOperator, publishCommand, putKey, waitForResult } from '../../test/support/fleet.ts';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { TARGET, testRelease, testTrust } from '../../test/support/releases.ts';
import { tempDir } from '../../test/support/temp.ts';
import { sealRelease } from '../../tools/release/documents.ts';
import { bootedDebian, noSystemd } from './booted-debian.ts';
import { DEBIAN, type Debian } from './debian.ts';
import { versionsHeard } from './fleet-of-file.ts';

const PC_ID = 'PC-HEADLESS';
const ROOT = '/opt/kanade-tray';
const UNIT = 'kanade-tray-agent';
const WITHIN_MS = 120_000;
const EVERY_MS = 500;
const [root = ''] = Object.values(DEBIAN?.roots ?? {});
const reason = noSystemd === null ? '' : ` (${noSystemd})`;

describe.skipIf(DEBIAN === null || noSystemd !== null)(`the headless archive under systemd${reason}`, () => {
  const trust = testTrust({ expires: Date.parse('2099-01-01T00:00:00Z') });
  let heard: string[] = [];
  let debian: Debian;
  let nc: NatsConnection;
  let update: string;
  let serial = 0;

  /** Until the service is enabled and started. */
  async function install(): Promise<void> {
    await ensureBuilt(findNode24());
    const [archive = '', made = ''] = await buildHeadless({ release: tempDir(), env: process.env });
    update = made;
    debian = await bootedDebian(root);
    onTestFinished(() => debian.dispose());
    const broker = await startNatsServer();
    nc = await provisionedOperator(broker);
    heard = versionsHeard(nc, PC_ID);
    const lines = [`[agent]\nid = "${PC_ID}"\nnats_url = "${broker.url}"\n`];
    lines.push(
      '[log]\npath = "/var/log/kanade/agent.log"\nlevel = "info"\n',
      '[update]\nkeys_file = "update-keys.json"\n',
    );
    debian.put('/etc/kanade/agent.toml', lines.join('\n'));
    debian.put('/etc/kanade/update-keys.json', trust.pin.toString());
    const steps = [
      'set -e',
      `mkdir ${ROOT}`,
      `tar -xzf ${debian.addPackage(archive)} -C ${ROOT} --no-same-owner`,
      `cp ${ROOT}/kanade-tray-agent.service /etc/systemd/system/`,
      `systemctl enable --now ${UNIT}`,
    ];
    const { code, output } = await debian.run(steps.join('\n'));
    expect(code, output).toBe(0);
  }

  /** The version that is built under another number, signed and wanted. */
  async function offer(version: string, change: (tree: string) => void = () => {}): Promise<void> {
    const tree = tempDir();
    execFileSync('tar', ['-xzf', update, '-C', tree]);
    const agent = join(tree, 'agent');
    for (const name of readdirSync(agent).filter((each) => each.endsWith('.js'))) {
      const text = readFileSync(join(agent, name), 'utf8');
      writeFileSync(join(agent, name), text.replaceAll(`"${packageJson.version}"`, `"${version}"`));
    }
    change(tree);
    const file = join(tempDir(), 'package.tar.gz');
    await create({ file, cwd: tree, gzip: { level: 1 }, portable: true }, ['agent', 'node']);
    const body = readFileSync(file);
    const names = releaseObjects(version, TARGET);
    serial += 1;
    const changes = { version, serial, unpacked_size: 400_000_000, expires: Date.parse('2098-01-01T00:00:00Z') };
    const bucket = await new Objm(nc).open('agent_releases');
    await bucket.putBlob({ name: names.package }, body);
    await bucket.putBlob({ name: names.manifest }, sealRelease(testRelease(trust.keys, body, changes), [trust.online]));
    await putKey(nc, 'agent_config', 'global', { target_version: version });
  }

  async function current(): Promise<unknown> {
    return JSON.parse((await debian.run(`cat ${ROOT}/private/current.json`)).output);
  }

  it('starts, takes an update, and goes back from a version that does not start', { timeout: 600_000 }, async () => {
    await install();
    await eventually(() => expect(heard).toEqual([packageJson.version]), WITHIN_MS, EVERY_MS);
    await offer('9.1.0');
    await eventually(async () => expect(await current()).toEqual({ version: '9.1.0' }), WITHIN_MS, EVERY_MS);
    expect(heard).toEqual([packageJson.version, '9.1.0']);
    await offer('9.2.0', (tree) => {
      const main = join(tree, 'agent', 'main.js');
      renameSync(main, join(tree, 'agent', 'real.js'));
      writeFileSync(main, `if (!process.argv.includes('--self-test')) process.exit(70);\nrequire('./real.js');\n`);
    });
    const log = async () => (await debian.run('cat /var/log/kanade/agent*.log')).output;
    const takenBack = /a version was taken back.* version=9\.2\.0/;
    await eventually(async () => expect(await log()).toMatch(takenBack), WITHIN_MS, EVERY_MS);
    await eventually(async () => expect(await current()).toEqual({ version: '9.1.0' }), WITHIN_MS, EVERY_MS);
    const id = await publishCommand(nc, `commands.pc.${PC_ID}`, command({ script: 'echo after both' }));
    expect(await waitForResult(nc, id, { timeoutMs: WITHIN_MS })).toMatchObject({ exit_code: 0 });
    expect((await debian.run(`systemctl is-active ${UNIT}`)).output.trim()).toBe('active');
  });
});
