/**
 * Upgrade and removal under a real systemd, by a person and by a command of the fleet. What a command has started must come to its
 * end and its result to the fleet, and whatever ends an upgrade, the agent is on the air.
 */
import type { NatsConnection } from '@nats-io/transport-node';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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

const UNIT = 'kanade-tray-agent.service';
const AFTERWARDS = 'kanade-tray-upgrade.service';
const SLOW_MS = 60_000;
const roots = Object.entries(DEBIAN?.roots ?? { 'no Debian': '' });
/** One that takes longer than all others is of whole runs. */
const isQuick = roots.length === 1;
const reason = noSystemd === null ? '' : ` (${noSystemd})`;

describe.skipIf(DEBIAN === null || noSystemd !== null).each(roots)(`a systemd on %s${reason}`, (release, root) => {
  const pcId = `PC-${release}`;
  let debian: Debian;
  let broker: NatsServer;
  let packages: { current: string; next: string };
  let fleet: NatsConnection;

  beforeAll(async () => {
    debian = await bootedDebian(root);
    broker = await startNatsServer();
    const { current = '', next = '' } = DEBIAN?.packages ?? {};
    packages = { current: debian.addPackage(current), next: debian.addPackage(next) };
    debian.put('/etc/kanade/agent.toml', settings());
  });
  afterAll(async () => {
    debian.dispose();
    await broker.stop();
  });

  function settings(): string {
    return `[agent]\nid = "${pcId}"\nnats_url = "${broker.url}"\n\n[log]\npath = "/var/log/kanade/agent.log"\nlevel = "info"\n`;
  }

  beforeEach(async () => {
    fleet = await provisionedOperator(broker);
    const { code, output } = await debian.run(`dpkg -i --force-downgrade ${packages.current}`);
    expect(code, output).toBe(0);
    await upgradeIsOver();
    expect(await show('ActiveState')).toBe('active');
  });

  async function show(property: string, unit = UNIT): Promise<string> {
    return (await debian.run(`systemctl show --property=${property} --value ${unit}`)).output.trim();
  }

  /** The unit that sees to the end of an upgrade has done so. */
  async function upgradeIsOver(): Promise<void> {
    await eventually(async () => expect(await show('ActiveState', AFTERWARDS)).toBe('inactive'), SLOW_MS);
  }

  async function journal(): Promise<string> {
    return (await debian.run(`journalctl --no-pager -o cat -u ${UNIT} -u ${AFTERWARDS} -n 60`)).output;
  }

  async function send(script: string, timeoutSecs = 120): Promise<string> {
    const sent = command({ shell: 'sh', script, timeout_secs: timeoutSecs });
    await publishCommand(fleet, `commands.pc.${pcId}`, sent);
    return sent.request_id;
  }

  async function carriedOut(script: string, timeoutSecs?: number): Promise<ExecResult> {
    return waitForResult(fleet, await send(script, timeoutSecs), { timeoutMs: SLOW_MS });
  }

  /** The next version, with minutes between the beginning of its installation and the first file that is replaced. */
  async function slowPackage(): Promise<string> {
    const make = [
      `rm -rf /tmp/slow && mkdir /tmp/slow && dpkg-deb -R ${packages.next} /tmp/slow/tree`,
      'printf "#!/bin/sh\\nsleep 300\\n" > /tmp/slow/tree/DEBIAN/preinst && chmod 755 /tmp/slow/tree/DEBIAN/preinst',
      'dpkg-deb -Znone -b /tmp/slow/tree /tmp/slow/slow.deb',
    ];
    const { code, output } = await debian.run(make.join(' && '));
    expect(code, output).toBe(0);
    return '/tmp/slow/slow.deb';
  }

  async function expectOnTheAir(version: string): Promise<void> {
    await eventually(async () => {
      const pid = await show('MainPID');
      const { output } = await debian.run(`readlink /proc/${pid}/exe`);
      expect([await show('ActiveState'), output], await journal()).toEqual([
        'active',
        '/usr/lib/kanade-tray/node/node\n',
      ]);
    }, SLOW_MS);
    expect((await debian.run('dpkg-query -W kanade-tray')).output).toBe(`kanade-tray\t${version}\n`);
    expect(await carriedOut('echo here')).toMatchObject({ exit_code: 0, stdout: 'here\n' });
  }

  it('a person upgrades: the new version runs when dpkg has ended', async () => {
    const before = await show('MainPID');
    const { code, output } = await debian.run(`dpkg -i ${packages.next}`);
    expect(code, output).toBe(0);
    expect(await show('MainPID')).not.toBe(before);
    await expectOnTheAir('9.1.0');
    await upgradeIsOver();
    expect(debian.has('/run/kanade-tray-upgrade')).toBe(false);
  });

  it('a command of the fleet upgrades: it comes to its end, and then the new version takes over', async () => {
    const before = await show('MainPID');
    const result = await carriedOut(`dpkg -i ${packages.next} && systemctl show --property=MainPID --value ${UNIT}`);
    expect(result, await journal()).toMatchObject({ exit_code: 0 });
    expect(result.stdout).toContain('a command of the agent has started this');
    expect(result.stdout.trim().split('\n').at(-1)).toBe(before);
    await upgradeIsOver();
    expect(await show('MainPID')).not.toBe(before);
    await expectOnTheAir('9.1.0');
  });

  it('also from a scope of its own, and from a process that has left its script', async () => {
    const scope = await carriedOut(`systemd-run --scope --quiet dpkg -i ${packages.next}`);
    expect(scope, await journal()).toMatchObject({ exit_code: 0 });
    await upgradeIsOver();
    await expectOnTheAir('9.1.0');
    await carriedOut(
      `setsid nohup sh -c 'sleep 2; dpkg -i --force-downgrade ${packages.current}; touch /tmp/left-done' > /dev/null 2>&1 &`,
    );
    await eventually(() => expect(debian.has('/tmp/left-done')).toBe(true), SLOW_MS);
    await upgradeIsOver();
    await expectOnTheAir((await debian.run(`dpkg-deb -f ${packages.current} Version`)).output.trim());
  });

  it('an upgrade that its time limit ends in the middle leaves an agent on the air, and is sent again', async () => {
    const slow = await slowPackage();
    const result = await carriedOut(`dpkg -i ${slow}`, 5);
    expect(result.exit_code).not.toBe(0);
    await upgradeIsOver();
    expect(await show('ActiveState'), await journal()).toBe('active');
    expect(await carriedOut('echo still here')).toMatchObject({ stdout: 'still here\n' });
    expect(await carriedOut(`dpkg -i ${packages.next}`), await journal()).toMatchObject({ exit_code: 0 });
    await upgradeIsOver();
    await expectOnTheAir('9.1.0');
  });

  it('a dpkg of a person that is killed before: the agent works all the time, and nobody waits for that dpkg any more', async () => {
    const before = await show('MainPID');
    const dpkg = debian.start(`timeout -s KILL 8 dpkg -i ${await slowPackage()}`);
    // Longer than one look at the lock.
    await debian.run('sleep 5');
    expect([await show('ActiveState', AFTERWARDS), await show('MainPID')]).toEqual(['active', before]);
    expect((await dpkg.ended).code).not.toBe(0);
    await upgradeIsOver();
    expect([await show('ActiveState'), await show('MainPID')]).toEqual(['active', before]);
    expect((await debian.run(`dpkg -i ${packages.next}`)).code).toBe(0);
    await expectOnTheAir('9.1.0');
  });

  it('a dpkg of a person that is killed after the files were replaced leaves the new version on the air', async () => {
    const dpkg = `dpkg --unpack ${packages.next}`;
    expect((await debian.run(dpkg)).code).toBe(0);
    // As far as a dpkg comes that is killed before it configures.
    await upgradeIsOver();
    await eventually(async () => {
      const { output } = await debian.run(`readlink /proc/${await show('MainPID')}/exe`);
      expect(output).toBe('/usr/lib/kanade-tray/node/node\n');
    }, SLOW_MS);
    expect((await debian.run('dpkg --configure -a')).code).toBe(0);
    await expectOnTheAir('9.1.0');
  });

  it.skipIf(isQuick)(
    'where the agent has its data the agent says: nobody who upgrades or removes it leads the way elsewhere',
    {
      timeout: 360_000,
    },
    async () => {
      const theirs = '/tmp/theirs/kanade-tray/ipc/0';
      debian.put(
        `/etc/systemd/system/${UNIT}.d/data.conf`,
        '[Service]\nEnvironment=KANADE_AGENT_DATA_DIR=/srv/kanade\n',
      );
      // Whoever is not drained ends within a second.
      debian.put('/etc/kanade/agent.toml', `${settings()}\n[run]\ngrace = "1s"\n`);
      await debian.run(`mkdir -p -m 700 /srv/kanade ${theirs} && mkfifo ${theirs}/endpoint.json`);
      await debian.run(`systemctl daemon-reload && systemctl restart ${UNIT}`);
      const endsFirst = async (dpkg: string) => {
        await debian.run('rm -f /tmp/began /tmp/ended');
        // Longer than who finds no agent waits for one.
        await send('touch /tmp/began; sleep 20; touch /tmp/ended');
        await eventually(() => expect(debian.has('/tmp/began')).toBe(true), SLOW_MS);
        // Whatever does not end has no pipe of ours.
        const { code } = await debian.run(`timeout 100 env ${dpkg} > /tmp/said 2>&1`);
        expect([dpkg, code, debian.has('/tmp/ended')], debian.read('/tmp/said')).toEqual([dpkg, 0, true]);
      };
      try {
        await endsFirst(`dpkg -i ${packages.next}`);
        await endsFirst(`KANADE_AGENT_DATA_DIR=/tmp/nobody dpkg -i --force-downgrade ${packages.current}`);
        await endsFirst('KANADE_AGENT_DATA_DIR=/tmp/theirs dpkg -r kanade-tray');
      } finally {
        debian.put('/etc/kanade/agent.toml', settings());
        await debian.run(`rm -r /etc/systemd/system/${UNIT}.d; systemctl daemon-reload`);
      }
    },
  );

  it('who may upgrade keeps the new version away by nothing that they have set or hold open', async () => {
    // What sudo would be for them.
    await debian.run('install -m 4755 /usr/bin/setpriv /usr/local/bin/as-root');
    const before = await show('MainPID');
    const path = 'PATH=/usr/sbin:/usr/bin:/sbin:/bin KTRAY_RUN=theirs';
    debian.put(
      '/home/person/upgrade',
      `export ${path}
      /usr/local/bin/as-root --reuid 0 --regid 0 --clear-groups dpkg -i ${packages.next} > said 2>&1
      touch upgraded
      until [ -e closed ]; do sleep 0.2; done`,
    );
    const shell = debian.start(`cd /home/person && chown person . && su person -c 'sh upgrade'`);
    try {
      await eventually(() => expect(debian.has('/home/person/upgraded')).toBe(true), SLOW_MS);
      const said = debian.read('/home/person/said');
      expect(said).not.toContain('a command of the agent');
      expect(await show('MainPID'), said).not.toBe(before);
      await upgradeIsOver();
      await expectOnTheAir('9.1.0');
    } finally {
      debian.put('/home/person/closed', '');
      await shell.ended;
    }
  });

  it('whatever ends the agent, it starts again; `systemctl stop` alone does not', async () => {
    for (const signal of ['TERM', 'KILL', 'INT']) {
      const before = await show('MainPID');
      await debian.run(`kill -${signal} ${before}`);
      await eventually(async () => {
        const now = await show('MainPID');
        expect([now === before, now === '0']).toEqual([false, false]);
      }, SLOW_MS);
    }
    await debian.run(`systemctl stop ${UNIT}; sleep 7`);
    expect(await show('ActiveState')).toBe('inactive');
  });

  it('scripts get nothing of the service, and can not speak for it; what an administrator set for it they get', async () => {
    debian.put(
      `/etc/systemd/system/${UNIT}.d/ours.conf`,
      '[Service]\nEnvironment=OF_IT=yes "ALSO OF_IT=1"\nEnvironmentFile=-/etc/kanade/environment\n',
    );
    debian.put('/etc/kanade/environment', '# of IT\nFROM_A_FILE="a b"\n');
    await debian.run(`systemctl daemon-reload && systemctl restart ${UNIT}`);
    try {
      const { stdout } = await carriedOut('env; systemd-notify STATUS=hijacked; true');
      const names = stdout.split('\n').flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? []);
      expect(names).toEqual(expect.arrayContaining(['PATH', 'OF_IT', 'FROM_A_FILE', 'KTRAY_RUN']));
      // A newer systemd tells each service whom it runs as; the shell sets one by itself.
      const others = ['LANG', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'PWD'];
      const wanted = ['PATH', 'OF_IT', 'FROM_A_FILE', 'KTRAY_RUN', ...others];
      expect(names.filter((name) => !wanted.includes(name))).toEqual([]);
      expect(stdout).toContain('FROM_A_FILE=a b\n');
      expect(await show('StatusText')).toBe('');
    } finally {
      await debian.run(`rm -r /etc/systemd/system/${UNIT}.d; systemctl daemon-reload; systemctl restart ${UNIT}`);
    }
  });

  it('the watchdog hears the agent, and ends one that hangs', { timeout: 180_000 }, async () => {
    await debian.run(
      `mkdir -p /run/systemd/system/${UNIT}.d; printf '[Service]\\nWatchdogSec=6\\n' > /run/systemd/system/${UNIT}.d/w.conf`,
    );
    await debian.run(`systemctl daemon-reload && systemctl restart ${UNIT}`);
    try {
      const before = await show('MainPID');
      await debian.run('sleep 20');
      expect([await show('MainPID'), await show('NRestarts')], await journal()).toEqual([before, '0']);
      await debian.run(`kill -STOP ${before}`);
      await eventually(async () => expect(await show('MainPID')).not.toMatch(new RegExp(`^(0|${before})$`)), SLOW_MS);
    } finally {
      await debian.run(`rm -r /run/systemd/system/${UNIT}.d; systemctl daemon-reload; systemctl restart ${UNIT}`);
    }
  });

  it('a command of the fleet takes it away for good: its result arrives, and nothing stays', async () => {
    const result = await carriedOut('dpkg -P kanade-tray');
    expect(result, await journal()).toMatchObject({ exit_code: 0 });
    await upgradeIsOver();
    await eventually(async () => expect(await show('MainPID')).toBe('0'), SLOW_MS);
    for (const path of [
      '/usr/lib/kanade-tray',
      '/var/lib/kanade',
      '/etc/kanade',
      '/etc/kanade-tray',
      '/run/kanade-tray-upgrade',
    ])
      expect([path, debian.has(path)]).toEqual([path, false]);
  });
});
