/** `RUST_LOG`, which the original reads, as a level of ours. */
import type { LogLevel } from './logger.ts';

/** The level that a `RUST_LOG`-like text means for us: ours by name, else the general one, else the last one in it. */
export function logLevelOf(text: string | undefined): LogLevel | undefined {
  const directives = (text ?? '').split(',').map((part) => {
    const [target, level] = part.includes('=') ? part.split('=') : ['', part];
    return { target: target?.trim() ?? '', level: levelByName(level ?? '') };
  });
  const known = directives.filter(({ level }) => level !== undefined);
  const ours = known.findLast(({ target }) => target.startsWith('kanade')) ?? known.findLast(({ target }) => !target);
  return (ours ?? known.at(-1))?.level;
}

function levelByName(name: string): LogLevel | undefined {
  switch (name.trim().toLowerCase()) {
    case 'trace':
    case 'debug':
      return 'debug';
    case 'info':
      return 'info';
    case 'warn':
      return 'warn';
    case 'error':
    case 'off':
      return 'error';
    default:
      return undefined;
  }
}
