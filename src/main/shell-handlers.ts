/** What the shell itself does for its window (`shell.*`). Invariant: what IT does not allow is refused here, whatever the window shows. */
import { clipboard, shell as desktop, nativeTheme } from 'electron';
import type { AgentConnection } from '../client/agent-connection.ts';
import type { ShellHandlers } from '../client/window-bridge.ts';
import { Fault } from '../shared/faults.ts';
import type { LinkId } from '../shared/shell-contract.ts';
import { linkFor } from './links.ts';
import type { PreferencesFile } from './preferences.ts';

export interface ShellHandlerOptions {
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

export function shellHandlers(options: ShellHandlerOptions): ShellHandlers {
  const { agentConnection, preferences, mayQuit, mayStop } = options;
  return {
    'shell.setPreferences': (changed) => {
      const chosen = Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined));
      preferences.set({ preferences: { ...preferences.value.preferences, ...chosen } });
      nativeTheme.themeSource = preferences.value.preferences.theme;
      options.onChange();
      return {};
    },
    'shell.openLink': ({ id }) => openLink(agentConnection, id),
    'shell.copy': async ({ text }) => {
      await copy(text);
      return {};
    },
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

async function openLink({ agent }: Pick<AgentConnection, 'agent'>, id: LinkId): Promise<Record<string, never> | Fault> {
  if (agent === null) return new Fault('unavailable', 'the agent is not there');
  const address = linkFor(id, await agent.call('support.info', {}));
  if (address === null) return new Fault('not_found', 'IT has set no such line');
  await desktop.openExternal(address);
  return {};
}
