/** A Debian to try packages on, with what the package depends on; to be used through an overlay, so that each test finds it fresh. */
import { ensureChroot } from './chroot.ts';

/** A desktop for the application's window, and what looks at it. */
const DESKTOP = ['xvfb', 'xauth', 'x11-utils', 'imagemagick', 'dbus', 'dbus-x11'];
const OF_A_RELEASE = {
  bookworm: ['libgtk-3-0', 'libasound2', 'libatspi2.0-0'],
  trixie: ['libgtk-3-0t64', 'libasound2t64', 'libatspi2.0-0t64'],
};
const COMMON = [
  'libnss3',
  'libnotify4',
  'libgbm1',
  'libdrm2',
  'libxtst6',
  'libuuid1',
  'xdg-utils',
  'ca-certificates',
  'systemd',
];

export function ensureDebianRoot(
  release: keyof typeof OF_A_RELEASE,
  env: NodeJS.ProcessEnv = process.env,
): ReturnType<typeof ensureChroot> {
  const debian = {
    name: `debian-${release}`,
    release,
    packages: [...OF_A_RELEASE[release], ...COMMON, ...DESKTOP],
    script: 'useradd -m person',
    says: `Setting up a Debian ${release} for tests (once, about two minutes)`,
  };
  return ensureChroot(debian, env);
}
