/** A PC that changes its agent. Invariant: its agents share one data directory, and each start of a script leaves a note. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { command, publishCommand } from '../../../test/support/fleet.ts';
import { tempDir } from '../../../test/support/temp.ts';
import { type OriginalFleet, startOriginalFleet } from './fleet.ts';
import { untilFound } from './waiting.ts';

export const PC = 'PC-SHARED';
export const TO = `commands.pc.${PC}`;

export class SharedPc {
  readonly fleet: OriginalFleet;
  readonly place = { pcId: PC, dataDirectory: tempDir() };
  readonly #directory = tempDir();
  readonly #notes = join(this.#directory, 'notes');
  /** A script that goes on for as long as the test, and ends with it when nobody else ends it. */
  readonly endless = `while [ -d '${this.#directory}' ]; do sleep 0.2; done`;

  constructor(fleet: OriginalFleet) {
    this.fleet = fleet;
  }

  /** Sends a command whose script notes `name`, then does `more`. */
  send(name: string, to = TO, more = 'true', fields: Record<string, unknown> = {}): Promise<string> {
    const script = `echo ${name} >> '${this.#notes}'; ${more}`;
    const body = command({ request_id: `request-${name}`, shell: 'powershell', script, ...fields });
    return publishCommand(this.fleet.nc, to, body);
  }

  /** Every start of a script, in order. */
  ran(): readonly string[] {
    return existsSync(this.#notes) ? readFileSync(this.#notes, 'utf8').trim().split('\n') : [];
  }

  async hasRun(name: string): Promise<void> {
    await untilFound(`${name} has run`, () => this.ran().includes(name) || undefined);
  }

  /** The unsent results of the original, by file name. */
  outbox(): Readonly<Record<string, string>> {
    const directory = join(this.place.dataDirectory, 'outbox');
    const names = existsSync(directory) ? readdirSync(directory).filter((name) => !name.endsWith('.tmp')) : [];
    return Object.fromEntries(names.map((name) => [name, readFileSync(join(directory, name), 'utf8')]));
  }

  /** The one unsent result, as soon as it is there. */
  unsent(name: string): Promise<string> {
    return untilFound(`an unsent result of ${name}`, () => this.outbox()[`request-${name}.json`]);
  }
}

export async function sharedPc(): Promise<SharedPc> {
  return new SharedPc(await startOriginalFleet());
}
