/** Power, input and network as Windows tells them. */
import { koffi as loadKoffi } from '../koffi.ts';
import type { Condition, Conditions } from './types.ts';
import { consoleIdleMs } from './windows-console.ts';

/** `SYSTEM_POWER_STATUS`: its first byte says whether mains are there; 255: not known. */
const POWER_STATUS_BYTES = 12;
/** `NL_NETWORK_CONNECTIVITY_HINT`, and the level that is the whole Internet; one behind a portal is not. */
const CONNECTIVITY_BYTES = 12;
const INTERNET_ACCESS = 3;
const LEVEL_UNKNOWN = 0;
/** `LASTINPUTINFO`: its size, and the tick of the last input in the session of the process. */
const LAST_INPUT_BYTES = 8;

const CALLS = {
  power: ['kernel32.dll', 'int __stdcall GetSystemPowerStatus(void *status)'],
  // Since Windows 10 2004 and Server 2022.
  connectivity: ['iphlpapi.dll', 'uint32_t __stdcall GetNetworkConnectivityHint(void *hint)'],
  lastInput: ['user32.dll', 'int __stdcall GetLastInputInfo(void *info)'],
  tick: ['kernel32.dll', 'uint32_t __stdcall GetTickCount(void *nothing)'],
} as const;

const bound = new Map<keyof typeof CALLS, ((at: Uint8Array | null) => number) | null>();

/** What the function returns; null: this Windows does not have it. */
function call(name: keyof typeof CALLS, at: Uint8Array | null): number | null {
  const known = bound.get(name);
  if (known !== undefined) return known === null ? null : known(at);
  const [library, prototype] = CALLS[name];
  try {
    bound.set(name, loadKoffi().load(library).func(prototype) as unknown as (at: Uint8Array | null) => number);
  } catch {
    bound.set(name, null);
  }
  return call(name, at);
}

export function windowsConditions(isService: boolean): Conditions {
  const tells = new Set<Condition>(['acPower', 'idle']);
  if (call('connectivity', Buffer.alloc(CONNECTIVITY_BYTES)) !== null) tells.add('network');
  return {
    tells,
    acPower: async () => onMains(),
    // A service is in a session of its own, in which there is no input.
    idleMs: async () => (isService ? consoleIdleMs() : ownIdleMs()),
    network: async () => hasConnectivity(),
  };
}

function onMains(): boolean | null {
  const status = Buffer.alloc(POWER_STATUS_BYTES);
  const isTold = call('power', status);
  const line = status.readUInt8(0);
  if (isTold === null || isTold === 0) return null;
  return line === 0 ? false : line === 1 ? true : null;
}

function hasConnectivity(): boolean | null {
  const hint = Buffer.alloc(CONNECTIVITY_BYTES);
  if (call('connectivity', hint) !== 0) return null;
  const level = hint.readInt32LE(0);
  return level === LEVEL_UNKNOWN ? null : level === INTERNET_ACCESS;
}

/** Since the last input in the session of this process, ms; null: Windows does not say. */
export function ownIdleMs(): number | null {
  const info = Buffer.alloc(LAST_INPUT_BYTES);
  info.writeUInt32LE(LAST_INPUT_BYTES, 0);
  const isTold = call('lastInput', info);
  const tick = call('tick', null);
  if (isTold === null || isTold === 0 || tick === null) return null;
  // Ticks begin again after 49 days.
  return (tick - info.readUInt32LE(4)) >>> 0;
}
