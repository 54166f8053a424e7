/** Whether this PC runs on mains, by what Linux says of its power supplies. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const POWER_SUPPLIES = '/sys/class/power_supply';

/** null: it can't be told. A PC without a battery of its own is on mains: nothing else could keep it up. */
export function onMains(directory = POWER_SUPPLIES): boolean | null {
  const supplies = suppliesOf(directory);
  const batteries = supplies.filter(({ type }) => type === 'Battery');
  if (batteries.length === 0) return true;
  const chargers = supplies.filter(({ online }) => online !== null);
  if (chargers.length > 0) return chargers.some(({ online }) => online === '1');
  const states = batteries.map(({ status }) => status);
  if (states.includes('Discharging')) return false;
  return states.some((status) => status === 'Charging' || status === 'Full' || status === 'Not charging') ? true : null;
}

interface Supply {
  readonly type: string | null;
  readonly status: string | null;
  /** Of what brings power from outside; null: it is no such thing. */
  readonly online: string | null;
}

function suppliesOf(directory: string): Supply[] {
  return (
    names(directory)
      .map((name) => (file: string) => read(join(directory, name, file)))
      // A mouse or a headset has a battery too.
      .filter((file) => file('scope') !== 'Device')
      .map((file) => {
        const type = file('type');
        return { type, status: file('status'), online: type === 'Mains' || type === 'USB' ? file('online') : null };
      })
  );
}

function names(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null;
  }
}
