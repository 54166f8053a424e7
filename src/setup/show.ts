/**
 * What people start, and the list of apps, follow the version that counts: after it was taken back by the service host, or a set-up
 * was cut off after the switch. Invariant: nothing else is changed, and nothing at all by a version that does not count.
 */
import { bytesBelow } from './files.ts';
import { showVersion } from './put-files.ts';
import { register, registeredVersion } from './registration.ts';
import type { ServiceParts } from './service.ts';

/** `version`: the one of these files. */
export function showCounting({
  system,
  layout,
  log,
  version,
}: Omit<ServiceParts, 'talk'> & { readonly version: string }): void {
  if (layout.current !== version) {
    log.say(`version ${version} does not count; nothing was done`);
    return;
  }
  if (layout.shown !== version) showVersion({ system, layout, log }, version);
  if (registeredVersion(system) === version) return;
  const kibibytes = Math.ceil(bytesBelow(layout.directoryOf(version)) / 1024);
  register(system, { root: layout.root, version, kibibytes });
}
