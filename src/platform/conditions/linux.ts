/** Power, seat and network as Linux, logind and NetworkManager tell them. */
import { existsSync } from 'node:fs';
import { BUSCTL, busProperties } from '../system-bus.ts';
import { onMains } from './power-supply.ts';
import type { Condition, Conditions } from './types.ts';

/** Where systemd is the first process, logind tells of the seats; NetworkManager of the network, where it has that in hand. */
const BOOTED_BY_SYSTEMD = '/run/systemd/system';
const NETWORK_MANAGER = ['/etc/systemd/system/multi-user.target.wants/NetworkManager.service', '/run/NetworkManager'];

export function linuxConditions(): Conditions {
  const tells = new Set<Condition>(['acPower']);
  if (existsSync(BUSCTL) && existsSync(BOOTED_BY_SYSTEMD)) {
    tells.add('idle');
    if (NETWORK_MANAGER.some((path) => existsSync(path))) tells.add('network');
  }
  return { tells, acPower: async () => onMains(), idleMs: seatIdleMs, network: hasConnectivity };
}

const LOGIND = 'org.freedesktop.login1';
const SEAT = { service: LOGIND, path: '/org/freedesktop/login1/seat/seat0', interface: `${LOGIND}.Seat` };

/** A login screen is a session too, and a desktop says itself from when on it is idle: after its own time to the blank screen. */
export async function seatIdleMs(): Promise<number | null> {
  const said = await busProperties(SEAT, ['ActiveSession', 'IdleHint', 'IdleSinceHintMonotonic']);
  if (said === null) return null;
  const [active = '', idle = '', since = ''] = said;
  const path = /^\(so\) "[^"]*" "([^"]*)"$/.exec(active)?.[1];
  if (path === undefined) return null;
  if (path === '/') return Number.POSITIVE_INFINITY;
  const session = await busProperties({ service: LOGIND, path, interface: `${LOGIND}.Session` }, ['Class']);
  if (session === null) return null;
  if (session[0] === 's "greeter"') return Number.POSITIVE_INFINITY;
  if (idle === 'b false') return 0;
  const sinceUs = /^t (\d+)$/.exec(since)?.[1];
  if (idle !== 'b true' || sinceUs === undefined) return null;
  return Math.max(0, Number(process.hrtime.bigint() / 1_000n - BigInt(sinceUs)) / 1_000);
}

const NETWORK = {
  service: 'org.freedesktop.NetworkManager',
  path: '/org/freedesktop/NetworkManager',
  interface: 'org.freedesktop.NetworkManager',
};
/** NM_CONNECTIVITY_UNKNOWN, NM_CONNECTIVITY_FULL; what is between them is none, a portal, or less than the Internet. */
const UNKNOWN = 'u 0';
const FULL = 'u 4';

export async function hasConnectivity(): Promise<boolean | null> {
  const said = await busProperties(NETWORK, ['Connectivity']);
  if (said === null || said[0] === UNKNOWN) return null;
  return said[0] === FULL;
}
