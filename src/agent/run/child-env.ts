/**
 * What a script gets for an environment: the agent's, without anything of `KANADE_*` (D38: the fleet's shared token is
 * there), plus the marker by which the script's processes are found again (invariant 6).
 */

/** Does not begin with `KANADE_`, or it would be stripped from a script that starts another agent's script. */
export const MARKER_VARIABLE = 'KTRAY_RUN';

export type Environment = Readonly<Record<string, string>>;

/** The part that all scripts share. Made once: reading `process.env` anew for each start is slow. */
export function scriptEnvironment(env: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): Environment {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    // Windows does not tell `Kanade_x` from `KANADE_X`.
    const comparable = platform === 'win32' ? name.toUpperCase() : name;
    if (value !== undefined && !comparable.startsWith('KANADE_') && comparable !== MARKER_VARIABLE) kept[name] = value;
  }
  return kept;
}

export function withMarker(base: Environment, marker: string): Environment {
  return { ...base, [MARKER_VARIABLE]: marker };
}

/** `NAME=value`, as it stands in the environment of a process. */
export function markerAssignment(marker: string): string {
  return `${MARKER_VARIABLE}=${marker}`;
}
