/** Scripts as the dispatcher needs them: the runner, who is signed in, and the end of what an earlier process left. */
import type { Logger } from '../../base/logger.ts';
import { endTree } from '../../platform/process-tree.ts';
import type { Account } from '../../platform/sessions.ts';
import type { Command } from '../wire/command.ts';
import { unsupportedRunAsText } from '../wire/result-texts.ts';
import { markerAssignment } from './child-env.ts';
import type { ScriptStarter } from './run-ports.ts';
import { type RunnerDeps, type RunningScript, type ScriptSpec, startScript } from './script-runner.ts';
import { markerAhead } from './shells-ahead.ts';

/** Who can be run as on this PC. */
export interface Sessions {
  /** The user at the console, else of the most recently active remote session; null: nobody is signed in. */
  activeUser(): Account | null;
  /** Resolves when that may have changed; rejects when aborted. */
  change(signal: AbortSignal): Promise<void>;
}

export interface ScriptsOptions {
  /** Made at the first start of a script, or when {@link Scripts.warm} says so: it loads native code. */
  readonly makeRunner: () => RunnerDeps;
  readonly platform: NodeJS.Platform;
  /** null: no other account than our own can be used here. */
  readonly sessions: Sessions | null;
  /** In tray mode the agent itself runs as the signed-in user (architecture §4). */
  readonly trayUser: Account | null;
  /** `[run] system_as_user`: in tray mode, whether `system` may run as that user. */
  readonly systemAsUser: boolean;
  /** The agent's own. */
  readonly directory: string;
  /** Keeps the PC awake while a script runs; null: nothing does. */
  readonly stayAwake: { hold(): () => void } | null;
  readonly log?: Logger;
}

export class Scripts implements ScriptStarter {
  readonly #options: ScriptsOptions;
  #runner: RunnerDeps | null = null;

  constructor(options: ScriptsOptions) {
    this.#options = options;
  }

  /** Gets ready, so that the first script does not wait for it. */
  warm(): void {
    this.#runner ??= this.#options.makeRunner();
  }

  /** Nothing waits for scripts any more. */
  close(): void {
    this.#runner?.close?.();
  }

  start(spec: ScriptSpec): RunningScript {
    this.#runner ??= this.#options.makeRunner();
    // In tray mode "the user" is who we are already: no other session is needed.
    const runAs = this.#options.trayUser === null ? spec.runAs : 'system';
    const letGo = this.#options.stayAwake?.hold();
    const script = startScript({ ...spec, runAs }, this.#runner);
    if (letGo !== undefined) void script.done.finally(letGo);
    return script;
  }

  availability(runAs: Command['runAs']): ReturnType<ScriptStarter['availability']> {
    const { trayUser, systemAsUser, sessions, platform } = this.#options;
    const unsupported = { kind: 'unsupported', why: unsupportedRunAsText(runAs, platform) } as const;
    if (trayUser !== null) {
      if (runAs === 'system_gui' || (runAs === 'system' && !systemAsUser)) return unsupported;
      return { kind: 'ready', user: trayUser };
    }
    if (runAs === 'system') return { kind: 'ready', user: null };
    if (sessions === null) return unsupported;
    const user = sessions.activeUser();
    return user === null ? { kind: 'no_user' } : { kind: 'ready', user };
  }

  userChange(signal: AbortSignal): Promise<void> {
    return this.#options.sessions?.change(signal) ?? Promise.resolve();
  }

  /** Shells that an earlier process has started ahead, whether they had been given a script or not. */
  async endShellsAhead(): Promise<void> {
    const marker = markerAssignment(markerAhead(this.#options.directory));
    const { left, why } = await endTree({ pid: null, startTime: null, marker, markerBegins: true });
    if (left.length > 0 || why !== undefined)
      this.#options.log?.error('shells that an earlier agent has left could not be ended', { left, why });
  }

  async endLeftovers({ pid, pidStart, marker }: Parameters<ScriptStarter['endLeftovers']>[0]): Promise<void> {
    const { left, why } = await endTree({ pid, startTime: pidStart, marker: markerAssignment(marker) });
    if (left.length > 0 || why !== undefined) {
      this.#options.log?.error('processes of an interrupted script could not be ended', {
        result_id: marker,
        left,
        why,
      });
    }
  }
}
