/**
 * Upgrade and removal under a real systemd, by a person and by a command of the fleet. What a command has started must come to its
 * end and its result to the fleet, and whatever ends an upgrade, the agent is on the air.
 */
import { expect, it } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { AFTERWARDS, describeSystemd, isQuick, SLOW_MS, UNIT } from './systemd-pc.ts';

describeSystemd((pc) => {
  it('a person upgrades: the new version runs when dpkg has ended', async () => {
    const before = await pc.show('MainPID');
    const { code, output } = await pc.debian.run(`dpkg -i ${pc.packages.next}`);
    expect(code, output).toBe(0);
    expect(await pc.show('MainPID')).not.toBe(before);
    await pc.expectOnTheAir('9.1.0');
    await pc.upgradeIsOver();
    expect(pc.debian.has('/run/kanade-tray-upgrade')).toBe(false);
  });

  it('a command of the fleet upgrades: it comes to its end, and then the new version takes over', async () => {
    const before = await pc.show('MainPID');
    const result = await pc.carriedOut(
      `dpkg -i ${pc.packages.next} && systemctl show --property=MainPID --value ${UNIT}`,
    );
    expect(result, await pc.journal()).toMatchObject({ exit_code: 0 });
    expect(result.stdout).toContain('a command of the agent has started this');
    expect(result.stdout.trim().split('\n').at(-1)).toBe(before);
    await pc.upgradeIsOver();
    expect(await pc.show('MainPID')).not.toBe(before);
    await pc.expectOnTheAir('9.1.0');
  });

  it('also from a scope of its own, and from a process that has left its script', async () => {
    const scope = await pc.carriedOut(`systemd-run --scope --quiet dpkg -i ${pc.packages.next}`);
    expect(scope, await pc.journal()).toMatchObject({ exit_code: 0 });
    await pc.upgradeIsOver();
    await pc.expectOnTheAir('9.1.0');
    await pc.carriedOut(
      `setsid nohup sh -c 'sleep 2; dpkg -i --force-downgrade ${pc.packages.current}; touch /tmp/left-done' > /dev/null 2>&1 &`,
    );
    await eventually(() => expect(pc.debian.has('/tmp/left-done')).toBe(true), SLOW_MS);
    await pc.upgradeIsOver();
    await pc.expectOnTheAir((await pc.debian.run(`dpkg-deb -f ${pc.packages.current} Version`)).output.trim());
  });

  it('an upgrade that its time limit ends in the middle leaves an agent on the air, and is sent again', async () => {
    const slow = await pc.slowPackage();
    const result = await pc.carriedOut(`dpkg -i ${slow}`, 5);
    expect(result.exit_code).not.toBe(0);
    await pc.upgradeIsOver();
    expect(await pc.show('ActiveState'), await pc.journal()).toBe('active');
    expect(await pc.carriedOut('echo still here')).toMatchObject({ stdout: 'still here\n' });
    expect(await pc.carriedOut(`dpkg -i ${pc.packages.next}`), await pc.journal()).toMatchObject({ exit_code: 0 });
    await pc.upgradeIsOver();
    await pc.expectOnTheAir('9.1.0');
  });

  it('a dpkg of a person that is killed before: the agent works all the time, and nobody waits for that dpkg any more', async () => {
    const before = await pc.show('MainPID');
    const dpkg = pc.debian.start(`timeout -s KILL 8 dpkg -i ${await pc.slowPackage()}`);
    // Longer than one look at the lock.
    await pc.debian.run('sleep 5');
    expect([await pc.show('ActiveState', AFTERWARDS), await pc.show('MainPID')]).toEqual(['active', before]);
    expect((await dpkg.ended).code).not.toBe(0);
    await pc.upgradeIsOver();
    expect([await pc.show('ActiveState'), await pc.show('MainPID')]).toEqual(['active', before]);
    expect((await pc.debian.run(`dpkg -i ${pc.packages.next}`)).code).toBe(0);
    await pc.expectOnTheAir('9.1.0');
  });

  it('a dpkg of a person that is killed after the files were replaced leaves the new version on the air', async () => {
    const dpkg = `dpkg --unpack ${pc.packages.next}`;
    expect((await pc.debian.run(dpkg)).code).toBe(0);
    // As far as a dpkg comes that is killed before it configures.
    await pc.upgradeIsOver();
    await eventually(async () => {
      const { output } = await pc.debian.run(`readlink /proc/${await pc.show('MainPID')}/exe`);
      expect(output).toBe('/usr/lib/kanade-tray/node/node\n');
    }, SLOW_MS);
    expect((await pc.debian.run('dpkg --configure -a')).code).toBe(0);
    await pc.expectOnTheAir('9.1.0');
  });

  it.skipIf(isQuick)(
    'where the agent has its data the agent says: nobody who upgrades or removes it leads the way elsewhere',
    {
      timeout: 360_000,
    },
    async () => {
      const theirs = '/tmp/theirs/kanade-tray/ipc/0';
      pc.debian.put(
        `/etc/systemd/system/${UNIT}.d/data.conf`,
        '[Service]\nEnvironment=KANADE_AGENT_DATA_DIR=/srv/kanade\n',
      );
      // Whoever is not drained ends within a second.
      pc.debian.put('/etc/kanade/agent.toml', `${pc.settings()}\n[run]\ngrace = "1s"\n`);
      await pc.debian.run(`mkdir -p -m 700 /srv/kanade ${theirs} && mkfifo ${theirs}/endpoint.json`);
      await pc.debian.run(`systemctl daemon-reload && systemctl restart ${UNIT}`);
      const endsFirst = async (dpkg: string) => {
        await pc.debian.run('rm -f /tmp/began /tmp/ended');
        // Longer than who finds no agent waits for one.
        await pc.send('touch /tmp/began; sleep 20; touch /tmp/ended');
        await eventually(() => expect(pc.debian.has('/tmp/began')).toBe(true), SLOW_MS);
        // Whatever does not end has no pipe of ours.
        const { code } = await pc.debian.run(`timeout 100 env ${dpkg} > /tmp/said 2>&1`);
        expect([dpkg, code, pc.debian.has('/tmp/ended')], pc.debian.read('/tmp/said')).toEqual([dpkg, 0, true]);
      };
      try {
        await endsFirst(`dpkg -i ${pc.packages.next}`);
        await endsFirst(`KANADE_AGENT_DATA_DIR=/tmp/nobody dpkg -i --force-downgrade ${pc.packages.current}`);
        await endsFirst('KANADE_AGENT_DATA_DIR=/tmp/theirs dpkg -r kanade-tray');
      } finally {
        pc.debian.put('/etc/kanade/agent.toml', pc.settings());
        await pc.debian.run(`rm -r /etc/systemd/system/${UNIT}.d; systemctl daemon-reload`);
      }
    },
  );

  it('who may upgrade keeps the new version away by nothing that they have set or hold open', async () => {
    // What sudo would be for them.
    await pc.debian.run('install -m 4755 /usr/bin/setpriv /usr/local/bin/as-root');
    const before = await pc.show('MainPID');
    const path = 'PATH=/usr/sbin:/usr/bin:/sbin:/bin KTRAY_RUN=theirs';
    pc.debian.put(
      '/home/person/upgrade',
      `export ${path}
      /usr/local/bin/as-root --reuid 0 --regid 0 --clear-groups dpkg -i ${pc.packages.next} > said 2>&1
      touch upgraded
      until [ -e closed ]; do sleep 0.2; done`,
    );
    // In a group of their own that is called like the unit.
    const group = `/sys/fs/cgroup/x:/system.slice/${UNIT}`;
    const enter = `mkdir -p ${group} && echo $$ > ${group}/cgroup.procs`;
    const shell = pc.debian.start(`${enter} && cd /home/person && chown person . && su person -c 'sh upgrade'`);
    try {
      await eventually(() => expect(pc.debian.has('/home/person/upgraded')).toBe(true), SLOW_MS);
      const said = pc.debian.read('/home/person/said');
      expect(said).not.toContain('a command of the agent');
      expect(await pc.show('MainPID'), said).not.toBe(before);
      await pc.upgradeIsOver();
      await pc.expectOnTheAir('9.1.0');
    } finally {
      pc.debian.put('/home/person/closed', '');
      await shell.ended;
    }
  });

  it('a command of the fleet takes it away for good: its result arrives, and nothing stays', async () => {
    const result = await pc.carriedOut('dpkg -P kanade-tray');
    expect(result, await pc.journal()).toMatchObject({ exit_code: 0 });
    await pc.upgradeIsOver();
    await eventually(async () => expect(await pc.show('MainPID')).toBe('0'), SLOW_MS);
    for (const path of [
      '/usr/lib/kanade-tray',
      '/var/lib/kanade',
      '/etc/kanade',
      '/etc/kanade-tray',
      '/run/kanade-tray-upgrade',
    ])
      expect([path, pc.debian.has(path)]).toEqual([path, false]);
  });
});
