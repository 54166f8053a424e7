/** What Windows knows of the product: the list of apps, the start with each session, the Event Log, the service. */
import { join } from 'node:path';
import { SERVICE, SERVICE_HOST, SETUP_SERVICE } from './names.ts';
import type { InstallInput, Plan } from './plan.ts';
import {
  register,
  registerEvents,
  registeredVersion,
  startsWithSessions,
  startWithSessions,
  unregister,
  unregisterEvents,
} from './registration.ts';
import type { Transaction } from './transaction.ts';

/** `kibibytes`: what the version takes on the disk. */
export async function putRegistration(
  input: InstallInput,
  plan: Plan,
  kibibytes: number,
  transaction: Transaction,
): Promise<void> {
  const { system, layout, version } = input;
  const { root } = layout;
  await transaction.step('the list of apps', () => {
    const listed = registeredVersion(system);
    register(system, { root, version, kibibytes });
    return () => (listed === null ? unregister(system) : register(system, { root, version: listed, kibibytes }));
  });
  await transaction.step('the source of our entries in the Event Log', () => {
    registerEvents(system, root);
    return plan.before === null ? () => unregisterEvents(system) : null;
  });
  await transaction.step(
    plan.choices.tray ? 'the icon starts with each session' : 'no icon starts with a session',
    () => {
      const before = startsWithSessions(system);
      startWithSessions(system, root, plan.choices.tray);
      return () => startWithSessions(system, root, before);
    },
  );
}

export async function putService(
  { system, layout }: InstallInput,
  { choices, choicesBefore }: Plan,
  transaction: Transaction,
): Promise<void> {
  // Left where the power went while a set-up was handed over. If that is us, it goes at our end.
  system.removeService(SETUP_SERVICE);
  const there = system.serviceState(SERVICE) !== 'absent';
  const commandLine = `"${join(layout.privateDirectory, SERVICE_HOST)}"`;
  const autostartBefore = choicesBefore?.autostart ?? true;
  const put = (autostart: boolean) =>
    system.putService({
      name: SERVICE,
      shownName: 'Kanade Tray Agent',
      description: 'Carries out what the IT department sends to this PC, and reports what became of it.',
      commandLine,
      autostart,
    });
  if (choices.mode === 'tray') {
    if (!there) return;
    await transaction.step(`no service ${SERVICE} any more`, () => {
      system.removeService(SERVICE);
      return () => put(autostartBefore);
    });
    return;
  }
  await transaction.step(`the service ${SERVICE}`, () => {
    put(choices.autostart);
    return () => (there ? put(autostartBefore) : system.removeService(SERVICE));
  });
}
