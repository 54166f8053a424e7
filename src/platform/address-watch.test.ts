import type { NetworkInterfaceInfo } from 'node:os';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { AddressWatch } from './address-watch.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }));
afterEach(() => void vi.useRealTimers());

type Addresses = Readonly<Record<string, readonly string[]>>;

const LAN: Addresses = { lo: ['127.0.0.1/8'], eth0: ['10.0.0.7/24', 'fe80::1/64'] };

function infos(addresses: readonly string[]): NetworkInterfaceInfo[] {
  return addresses.map(
    (cidr) =>
      ({
        family: cidr.includes(':') ? 'IPv6' : 'IPv4',
        internal: cidr.startsWith('127.'),
        cidr,
      }) as NetworkInterfaceInfo,
  );
}

function stage() {
  let addresses = LAN;
  let nowMs = 0;
  let reads = 0;
  const onChange = vi.fn();
  const watch = new AddressWatch({
    onChange,
    monotonicMs: () => nowMs,
    read: () => {
      reads += 1;
      return Object.fromEntries(Object.entries(addresses).map(([name, own]) => [name, infos(own)]));
    },
  });
  onTestFinished(() => watch.close());
  return {
    watch,
    onChange,
    reads: () => reads,
    become: (next: Addresses) => {
      addresses = next;
    },
    pass: (seconds: number) => {
      for (let second = 0; second < seconds; second += 1) {
        nowMs += 1_000;
        vi.advanceTimersByTime(1_000);
      }
    },
  };
}

test('another network is told once, when it has stayed for a while', () => {
  const { watch, onChange, become, pass } = stage();
  watch.want(true);
  pass(60);
  expect(onChange).not.toHaveBeenCalled();
  become({ ...LAN, eth0: [] });
  pass(5);
  become({ ...LAN, wlan0: ['192.168.1.5/24'] });
  pass(7);
  expect(onChange).not.toHaveBeenCalled();
  pass(5);
  expect(onChange).toHaveBeenCalledOnce();
  pass(60);
  expect(onChange).toHaveBeenCalledOnce();
});

test('addresses of this PC alone, and those of IPv6, which come and go by themselves, are no other network', () => {
  const { watch, onChange, become, pass } = stage();
  watch.want(true);
  become({
    ...LAN,
    lo: ['127.0.0.1/8', '127.0.0.2/8'],
    docker0: ['fe80::7/64'],
    eth0: ['10.0.0.7/24', '2001:db8::9/64'],
  });
  pass(60);
  expect(onChange).not.toHaveBeenCalled();
});

test('nothing is looked at while nobody wants to know, and what changed meanwhile is not told', () => {
  const { watch, onChange, become, pass, reads } = stage();
  pass(60);
  expect(reads()).toBe(0);
  watch.want(true);
  watch.want(true);
  watch.want(false);
  const before = reads();
  become({ eth0: ['172.16.0.1/16'] });
  pass(60);
  expect(reads()).toBe(before);
  watch.want(true);
  pass(60);
  expect(onChange).not.toHaveBeenCalled();
});

test('this PC has addresses that can be read', () => {
  vi.useRealTimers();
  const watch = new AddressWatch({ onChange: () => {} });
  expect(() => watch.want(true)).not.toThrow();
  watch.close();
});
