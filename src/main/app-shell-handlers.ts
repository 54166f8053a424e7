/** What the app shell itself does for its window (`shell.*`). Invariant: what IT does not allow is refused here, whatever the window shows. */
import { clipboard, shell as desktop, nativeTheme } from 'electron';
import { errorText } from '../base/logger.ts';
import type { AgentConnection } from '../client/agent-connection.ts';
import type { AppShellHandlers } from '../client/window-bridge.ts';
import type { LinkId } from '../shared/app-shell-contract.ts';
import { linkFor } from '../shared/contact-links.ts';
import { Fault } from '../shared/faults.ts';
import type { MailDraft } from '../shared/mail-link.ts';
import { knownSupport } from '../shared/remembered.ts';
import type { PreferencesFile } from './preferences.ts';
import { saveOutput } from './save-output.ts';

export interface AppShellHandlerOptions {
  /** The window's own. */
  readonly agentConnection: Pick<AgentConnection, 'agent'>;
  readonly preferences: PreferencesFile;
  readonly mayQuit: () => boolean;
  readonly mayStop: () => boolean;
  readonly onChange: () => void;
  readonly onSeen: () => void;
  readonly onQuitIcon: () => void;
  readonly onStopManagement: () => void;
}

export function appShellHandlers(options: AppShellHandlerOptions): AppShellHandlers {
  const { agentConnection, preferences, mayQuit, mayStop } = options;
  return {
    'shell.setPreferences': (changed) => {
      const chosen = Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined));
      preferences.set({ preferences: { ...preferences.value.preferences, ...chosen } });
      nativeTheme.themeSource = preferences.value.preferences.theme;
      options.onChange();
      return {};
    },
    'shell.openLink': ({ id, draft }) => openLink(agentConnection, preferences, id, draft ?? null),
    'shell.copy': async ({ text }) => {
      await copy(text);
      return {};
    },
    'shell.saveOutput': (asked) => saveOutput(agentConnection, asked),
    'shell.seen': () => {
      options.onSeen();
      return {};
    },
    'shell.quitIcon': () => allowed(mayQuit(), options.onQuitIcon),
    'shell.stopManagement': () => allowed(mayStop(), options.onStopManagement),
  };
}

/** A promise only from Electron 45 on. */
export async function copy(text: string): Promise<void> {
  await clipboard.writeText(text);
}

/** Done after the answer: what asked may be gone then. */
function allowed(may: boolean, act: () => void): Record<string, never> | Fault {
  if (!may) return new Fault('unavailable', 'IT does not allow it');
  setImmediate(act);
  return {};
}

/** As the agent says it now, else as it was: the desk is called when the agent is gone. */
async function openLink(
  { agent }: Pick<AgentConnection, 'agent'>,
  { value }: Pick<PreferencesFile, 'value'>,
  id: LinkId,
  draft: MailDraft | null,
): Promise<Record<string, never> | Fault> {
  const live = (await agent?.call('support.info', {}).catch(() => null)) ?? null;
  const known = knownSupport(live, value.remembered);
  const address = known === null ? null : linkFor(id, known, draft);
  if (address === null) return new Fault('not_found', 'IT has set no such line');
  try {
    await desktop.openExternal(address);
    return {};
  } catch (error) {
    // Nothing on this PC takes such a link.
    return new Fault('unavailable', errorText(error));
  }
}
