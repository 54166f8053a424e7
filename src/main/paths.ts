/** Where the app shell finds what belongs to it, and how it is to host the agent: both written down, never guessed (architecture §4). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostMode } from '../shared/states.ts';

export interface Paths {
  readonly agentMain: string;
  readonly preload: string;
  readonly renderer: string;
  readonly trayPictures: string;
  readonly icon: string;
}

/** `dist` is the directory of the built product, in which the app shell's own folder lies. */
export function pathsIn(dist: string, platform: NodeJS.Platform = process.platform): Paths {
  return {
    agentMain: join(dist, 'agent', 'main.js'),
    preload: join(dist, 'preload', 'preload.cjs'),
    renderer: join(dist, 'renderer'),
    trayPictures: join(dist, 'assets', 'tray'),
    icon: join(dist, 'assets', 'app', platform === 'win32' ? 'icon.ico' : '256x256.png'),
  };
}

/** Where the installer has put us: `<root>/versions/<v>/app/resources`, beside it the agent of the same version (architecture §8). */
export interface Installation {
  readonly agentMain: string;
  /** A name beside the native code for Windows. */
  readonly nativeCode: string;
  /** By IT's certificate, as the build has noted. */
  readonly isSigned: boolean;
  /** What never changes its place, and starts the version that counts; null: this system has no such thing. */
  readonly starter: string | null;
  /** The version that counts now; null: it can't be told, as while it is being replaced. */
  current(): string | null;
}

/** null: not installed, as in a checkout. */
export function installationOf(resources: string): Installation | null {
  const version = join(resources, '..', '..');
  const agent = join(version, 'agent');
  // What is in it may be hidden from people.
  if (!existsSync(agent)) return null;
  // The Debian package has one version only, which says so itself.
  const root = existsSync(join(version, 'current.json')) ? version : join(version, '..', '..');
  const starter = join(root, 'bin', 'Kanade Tray.exe');
  return {
    agentMain: join(agent, 'main.js'),
    nativeCode: join(resources, 'native', 'main.js'),
    isSigned: existsSync(join(resources, 'signed')),
    starter: existsSync(starter) ? starter : null,
    current() {
      try {
        const read: unknown = JSON.parse(readFileSync(join(root, 'current.json'), 'utf8'));
        return typeof read === 'object' && read !== null && 'version' in read ? String(read.version) : null;
      } catch {
        return null;
      }
    },
  };
}

/**
 * Who hosts the agent: `KANADE_TRAY_HOST`, else `host.json` beside the program (written by the installer), else the tray.
 * A file that can't be read means the tray as well: an agent too many is refused by the lock of its store.
 */
export function hostingOf(env: Readonly<Record<string, string | undefined>>, resources: string): HostMode {
  const named = env.KANADE_TRAY_HOST;
  if (named === 'tray' || named === 'service') return named;
  try {
    const written: unknown = JSON.parse(readFileSync(join(resources, 'host.json'), 'utf8'));
    return isService(written) ? 'service' : 'tray';
  } catch {
    return 'tray';
  }
}

function isService(written: unknown): boolean {
  return typeof written === 'object' && written !== null && 'host' in written && written.host === 'service';
}
