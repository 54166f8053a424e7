/** The unit of the package under a real systemd: what ends the agent and what does not, what scripts have of it, the watchdog. */
import { expect, it } from 'vitest';
import { eventually } from '../../test/support/eventually.ts';
import { describeSystemd, SLOW_MS, UNIT } from './systemd-pc.ts';

describeSystemd((pc) => {
  it('whatever ends the agent, it starts again; `systemctl stop` alone does not', async () => {
    for (const signal of ['TERM', 'KILL', 'INT']) {
      const before = await pc.show('MainPID');
      await pc.debian.run(`kill -${signal} ${before}`);
      await eventually(async () => {
        const now = await pc.show('MainPID');
        expect([now === before, now === '0']).toEqual([false, false]);
      }, SLOW_MS);
    }
    await pc.debian.run(`systemctl stop ${UNIT}; sleep 7`);
    expect(await pc.show('ActiveState')).toBe('inactive');
  });

  it('scripts get nothing of the service, and can not speak for it; what an administrator set for it they get', async () => {
    pc.debian.put(
      `/etc/systemd/system/${UNIT}.d/ours.conf`,
      '[Service]\nEnvironment=OF_IT=yes "ALSO OF_IT=1"\nEnvironmentFile=-/etc/kanade/environment\n',
    );
    pc.debian.put('/etc/kanade/environment', '# of IT\nFROM_A_FILE="a b"\n');
    await pc.debian.run(`systemctl daemon-reload && systemctl restart ${UNIT}`);
    try {
      const { stdout } = await pc.carriedOut('env; systemd-notify STATUS=hijacked; true');
      const names = stdout.split('\n').flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? []);
      expect(names).toEqual(expect.arrayContaining(['PATH', 'OF_IT', 'FROM_A_FILE', 'KTRAY_RUN']));
      // A newer systemd tells each service whom it runs as; the shell sets one by itself.
      const others = ['LANG', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'PWD'];
      const wanted = ['PATH', 'OF_IT', 'FROM_A_FILE', 'KTRAY_RUN', ...others];
      expect(names.filter((name) => !wanted.includes(name))).toEqual([]);
      expect(stdout).toContain('FROM_A_FILE=a b\n');
      expect(await pc.show('StatusText')).toBe('');
    } finally {
      await pc.debian.run(`rm -r /etc/systemd/system/${UNIT}.d; systemctl daemon-reload; systemctl restart ${UNIT}`);
    }
  });

  it('the watchdog hears the agent, and ends one that hangs', { timeout: 180_000 }, async () => {
    await pc.debian.run(
      `mkdir -p /run/systemd/system/${UNIT}.d; printf '[Service]\\nWatchdogSec=6\\n' > /run/systemd/system/${UNIT}.d/w.conf`,
    );
    await pc.debian.run(`systemctl daemon-reload && systemctl restart ${UNIT}`);
    try {
      const before = await pc.show('MainPID');
      await pc.debian.run('sleep 20');
      expect([await pc.show('MainPID'), await pc.show('NRestarts')], await pc.journal()).toEqual([before, '0']);
      await pc.debian.run(`kill -STOP ${before}`);
      await eventually(
        async () => expect(await pc.show('MainPID')).not.toMatch(new RegExp(`^(0|${before})$`)),
        SLOW_MS,
      );
    } finally {
      await pc.debian.run(`rm -r /run/systemd/system/${UNIT}.d; systemctl daemon-reload; systemctl restart ${UNIT}`);
    }
  });
});
