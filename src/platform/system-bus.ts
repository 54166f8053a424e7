/** What services on the system's bus say of themselves. Invariant: a question ends soon, starts no service, and never rejects. */
import { execFile } from 'node:child_process';

export const BUSCTL = '/usr/bin/busctl';
const ANSWERS_WITHIN_MS = 3_000;

export interface BusObject {
  readonly service: string;
  readonly path: string;
  readonly interface: string;
}

/** The properties in the order in which they are asked for, as busctl writes values (`b true`, `t 17`); null: nobody says. */
export function busProperties(
  { service, path, interface: name }: BusObject,
  properties: readonly string[],
): Promise<readonly string[] | null> {
  const args = ['--system', '--auto-start=no', '--timeout=2', 'get-property', service, path, name, ...properties];
  return new Promise((resolve) => {
    execFile(
      BUSCTL,
      args,
      { timeout: ANSWERS_WITHIN_MS, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 },
      (error, stdout) => {
        const lines = stdout.trimEnd().split('\n');
        resolve(error === null && lines.length === properties.length ? lines : null);
      },
    );
  });
}
