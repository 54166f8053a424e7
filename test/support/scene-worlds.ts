/** What is so on the PC in a scene of the window (`window-scenes.ts`). */
import { SETTING_KEYS, settingOf } from '../../src/agent/config/settings.ts';
import type { SettingMeaning } from '../../src/shared/helpdesk-view.ts';
import type { Setting } from '../../src/shared/setting.ts';
import type { Served } from './served-status.ts';
import { aSetting, endedRun } from './status.ts';
import { arrival } from './store.ts';

export const HARDWARE = {
  system: 'Windows 11 Pro 10.0.26100',
  processor: 'Core i5-1340P',
  memoryBytes: 16 * 1024 ** 3,
  disks: [{ name: 'C:', sizeBytes: 512e9, freeBytes: 81e9 }],
  unread: [],
  bootedAtMs: Date.now() - 86_400_000,
};

type EndedAs = 'DONE' | 'FAILED' | 'VERSION_PIN';

export async function ended(
  served: Served,
  id: string,
  reason: EndedAs,
  stdout?: { text: string; totalBytes: number; cut: boolean },
) {
  const atMs = Date.now();
  return endedRun(served.store, id, {
    arrival: { manifestId: id, receivedAtMs: atMs - 9_000 },
    ending: {
      reason,
      exitCode: reason === 'FAILED' ? 5 : 0,
      startedAtMs: atMs - 8_000,
      finishedAtMs: atMs - 2_000,
      ...(stdout === undefined ? {} : { stdout }),
    },
  });
}

export async function started({ store }: Served, id: string): Promise<void> {
  const receivedAtMs = Date.now() - 90_000;
  const admitted = await store.runs.admit(arrival(id, id, { manifestId: id, receivedAtMs, timeoutSecs: 600 }));
  if (admitted.kind !== 'admitted') throw new Error(admitted.kind);
  await store.runs.start(admitted.run, { startedAtMs: receivedAtMs, runAsUser: null, facts: null, event: null });
}

export async function stuck(served: Served): Promise<void> {
  const { outbox } = served.store;
  const nowMs = Date.now();
  for (const id of ['one-task', 'a-task-with-a-very-long-name-that-somebody-has-given-it-and-nobody-can-say']) {
    const { resultId } = await ended(served, id, 'FAILED');
    const seq = outbox.seqOf('result', resultId) ?? 0;
    await outbox.park(seq, 'message size exceeds maximum allowed', nowMs, Number.MAX_SAFE_INTEGER);
  }
  await outbox.put({ kind: 'event', id: 'e', subject: 'obs.x', body: Buffer.from('{}') }, nowMs);
  await outbox.park(outbox.seqOf('event', 'e') ?? 0, 'nobody stores it', nowMs, Number.MAX_SAFE_INTEGER);
}

export async function troubles(served: Served): Promise<void> {
  await ended(served, 'disk-check', 'DONE');
  const { forbidden, undelivered, clockStep, logFailure, secondAgentSeen } = served.cells;
  forbidden.set(['kill.*', 'commands.all']);
  undelivered.set({ cause: 'full', why: 'maximum messages exceeded' });
  clockStep.set({ byMs: 3_600_000, atMs: Date.now() });
  logFailure.set({ path: '/var/log/kanade/agent.log', why: 'EACCES' });
  secondAgentSeen.set(true);
}

export async function burst(served: Served): Promise<void> {
  for (let at = 0; at < 50; at++) {
    await endedRun(served.store, `b${at}`, {
      arrival: { manifestId: 'certificate-check', receivedAtMs: Date.now() },
      ending: { outbox: null },
    });
  }
  await ended(served, 'office-repair', 'FAILED');
}

/** A PC on which much has happened. */
export async function fullHelpdesk(served: Served): Promise<void> {
  const nowMs = Date.now();
  await ended(served, 'printer-fix', 'VERSION_PIN');
  await stuck(served);
  const why = 'nats.example.com:4222: connection refused, again and again and again';
  const { linkStates } = served.store;
  await linkStates.begin({ state: 'refused', why, fromMs: nowMs - 50_000_000, untilMs: nowMs - 9_000_000 });
  await linkStates.begin({ state: 'connected', why: null, fromMs: nowMs - 5_000_000, untilMs: nowMs });
  served.settings = SETTING_KEYS.map((key, index) =>
    aSetting(key, {
      about: settingOf(key).about,
      means: meaning(settingOf(key)),
      changed: index < 4,
      place: 'C:\\ProgramData\\Kanade\\configuration\\agent.toml:12',
    }),
  );
  const lines = Array.from({ length: 99 }, (_, n) => `2026-11-30T11:10:31Z INFO kanade: ${n} ${'x'.repeat(120)}`);
  served.logEnd = { kind: 'lines', path: 'C:\\ProgramData\\Kanade\\logs\\agent.2026-11-30.log', lines };
}

function meaning(setting: Setting): SettingMeaning {
  if (setting.secret === true) return { kind: 'secret' };
  if (setting.default === null) return { kind: 'none' };
  if (setting.kind === 'boolean') return { kind: 'switch', on: setting.default };
  if (setting.kind === 'integer' || setting.kind === 'duration')
    return { kind: 'amount', amount: setting.default, unit: setting.unit };
  return { kind: 'text', text: String(setting.default) };
}
