/** A real system bus, on which a logind and a NetworkManager of the test answer. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import dbus from 'dbus-next';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { tempDir } from '../../../test/support/temp.ts';
import { BUSCTL } from '../system-bus.ts';
import { hasConnectivity, seatIdleMs } from './linux.ts';

const hasBus = process.platform === 'linux' && existsSync(BUSCTL) && existsSync('/usr/bin/dbus-daemon');

const SESSION_PATH = '/org/freedesktop/login1/session/_32';
const nowUs = () => process.hrtime.bigint() / 1_000n;

class Seat extends dbus.interface.Interface {
  ActiveSession: [string, string] = ['2', SESSION_PATH];
  IdleHint = false;
  IdleSinceHintMonotonic = 0n;
}
Seat.configureMembers({
  properties: {
    ActiveSession: { signature: '(so)', access: dbus.interface.ACCESS_READ },
    IdleHint: { signature: 'b', access: dbus.interface.ACCESS_READ },
    IdleSinceHintMonotonic: { signature: 't', access: dbus.interface.ACCESS_READ },
  },
});

class Session extends dbus.interface.Interface {
  Class = 'user';
}
Session.configureMembers({ properties: { Class: { signature: 's', access: dbus.interface.ACCESS_READ } } });

class NetworkManager extends dbus.interface.Interface {
  Connectivity = 4;
}
NetworkManager.configureMembers({
  properties: { Connectivity: { signature: 'u', access: dbus.interface.ACCESS_READ } },
});

/** For this test it is the system's. */
async function systemBus() {
  const directory = tempDir();
  const config = join(directory, 'bus.conf');
  writeFileSync(
    config,
    `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=${join(directory, 'bus')}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/></policy></busconfig>`,
  );
  const daemon = spawn('/usr/bin/dbus-daemon', ['--nofork', '--print-address=1', `--config-file=${config}`]);
  onTestFinished(() => void daemon.kill('SIGKILL'));
  const [address] = (await once(daemon.stdout.setEncoding('utf8'), 'data')) as [string];
  process.env.DBUS_SYSTEM_BUS_ADDRESS = address.trim();
  onTestFinished(() => {
    delete process.env.DBUS_SYSTEM_BUS_ADDRESS;
  });
  const connection = dbus.sessionBus({ busAddress: address.trim() });
  onTestFinished(() => connection.disconnect());
  return connection;
}

describe.runIf(hasBus)('on the system bus', () => {
  let bus: Awaited<ReturnType<typeof systemBus>>;
  beforeEach(async () => {
    bus = await systemBus();
  });

  async function logind(seat: Partial<Seat>, sessionClass = 'user') {
    const own = Object.assign(new Seat('org.freedesktop.login1.Seat'), seat);
    const session = Object.assign(new Session('org.freedesktop.login1.Session'), { Class: sessionClass });
    bus.export('/org/freedesktop/login1/seat/seat0', own);
    bus.export(SESSION_PATH, session);
    await bus.requestName('org.freedesktop.login1', 0);
  }

  test('nobody says anything: nothing is known', async () => {
    expect(await seatIdleMs()).toBeNull();
    expect(await hasConnectivity()).toBeNull();
  });

  test('the seat is in use', async () => {
    await logind({ IdleHint: false });
    expect(await seatIdleMs()).toBe(0);
  });

  test('the seat is idle, since then', async () => {
    await logind({ IdleHint: true, IdleSinceHintMonotonic: nowUs() - 600_000_000n });
    const idleMs = await seatIdleMs();
    expect(idleMs).toBeGreaterThanOrEqual(600_000);
    expect(idleMs).toBeLessThan(700_000);
  });

  test.each([
    ['there is no session at the seat', { ActiveSession: ['', '/'] as [string, string] }, 'user'],
    ['there is only a login screen', { IdleHint: false }, 'greeter'],
  ])('%s: nobody is there', async (_what, seat, sessionClass) => {
    await logind(seat, sessionClass);
    expect(await seatIdleMs()).toBe(Number.POSITIVE_INFINITY);
  });

  test('a session that is gone while it is asked for is not known', async () => {
    await logind({ ActiveSession: ['9', '/org/freedesktop/login1/session/_39'] });
    expect(await seatIdleMs()).toBeNull();
  });

  test.each([
    [0, null],
    [1, false],
    [2, false],
    [3, false],
    [4, true],
  ])('connectivity %d: %s', async (Connectivity, expected) => {
    const manager = Object.assign(new NetworkManager('org.freedesktop.NetworkManager'), { Connectivity });
    bus.export('/org/freedesktop/NetworkManager', manager);
    await bus.requestName('org.freedesktop.NetworkManager', 0);
    expect(await hasConnectivity()).toBe(expected);
  });
});
