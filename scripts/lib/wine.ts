/** A Windows to try things on: 64-bit wine 10 in a directory with a Debian 13 of its own. */
import { ensureChroot } from './chroot.ts';

/** Inside: a fresh Windows, to be copied. */
export const TEMPLATE_PREFIX = '/opt/prefix';

/** Says to a shell: no dialogs, no .NET and no HTML engine, which a fresh Windows would try to download. */
export const WINE_ENVIRONMENT = "export HOME=/root WINEDEBUG=-all WINEDLLOVERRIDES='mscoree,mshtml='";

/** The same where programs of .NET run, which bring all that they need; says to a shell, behind {@link WINE_ENVIRONMENT}. */
export const WITH_DOTNET = "export WINEDLLOVERRIDES='mshtml='";

export function ensureWine(env: NodeJS.ProcessEnv = process.env): ReturnType<typeof ensureChroot> {
  const wine = {
    name: 'wine-10-trixie',
    release: 'trixie',
    packages: ['wine', 'wine64'],
    script: `${WINE_ENVIRONMENT} WINEPREFIX=${TEMPLATE_PREFIX}; wineboot -i; wineserver -w`,
    says: 'Setting up wine (once, about three minutes)',
  };
  return ensureChroot(wine, env);
}
