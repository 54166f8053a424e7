/** The shared stand-in for `powershell`, which the original knows and a Linux machine has not (stand-in/powershell.c). */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('stand-in/powershell.c', import.meta.url));
const AS_SCRIPT = '#!/bin/sh\nfor script; do :; done\nexec /bin/sh -c "$script"\n';
const COMPILERS = [
  ['cc', '-O2', '-static'],
  ['cc', '-O2'],
] as const;

export interface StandIn {
  /** To be first on the PATH. */
  readonly directory: string;
  /** How it was made, for the document. */
  readonly kind: string;
}

/** Makes the stand-in: a compiled one where there is a C compiler, else a shell script. */
export function makeStandIn(directory: string): StandIn {
  mkdirSync(directory, { recursive: true });
  const file = join(directory, 'powershell');
  for (const [compiler, ...flags] of COMPILERS) {
    try {
      execFileSync(compiler, [...flags, '-o', file, SOURCE], { stdio: 'ignore' });
      return { directory, kind: `a small C program (${[compiler, ...flags].join(' ')}) that becomes \`sh -c\`` };
    } catch {
      // No compiler, or no static C library: the next way.
    }
  }
  writeFileSync(file, AS_SCRIPT);
  chmodSync(file, 0o755);
  return { directory, kind: 'a shell script that becomes `sh -c`' };
}
