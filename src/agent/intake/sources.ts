/**
 * Where commands and kills come from: live subjects, the groups' subjects while this PC is a member, and the durable
 * consumer for what was missed. Everything is listened to before anything can be lost (D9, D21).
 */
import type { Logger } from '../base/logger.ts';
import type { Watched } from '../base/watched.ts';
import type { Binding, Bus, DurableBinding } from '../bus/bus.ts';
import type { Command } from '../wire/command.ts';
import { commandSubjects, durableName, isSubjectId, killSubject } from '../wire/subjects.ts';
import type { Intake } from './intake.ts';

const STREAM = 'EXEC';
/** Execution ids with a dot in them are outside `kill.*`; so many of them have a subscription of their own. */
const DOTTED_MAX = 256;

export interface SourcesOptions {
  readonly pcId: string;
  readonly bus: Bus;
  readonly intake: Intake;
  readonly groups: Watched<ReadonlySet<string> | null>;
  /** What a first enrolment does with old broadcasts (`[replay] first_enrolment`). */
  readonly firstEnrolment: 'catch-up' | 'skip';
  readonly onKill: (execId: string) => void;
  /** The consumer belongs to another pc_id (D22). */
  readonly onForeignConsumer: (pcId: string) => void;
  readonly log: Logger;
}

export class Sources {
  readonly #o: SourcesOptions;
  readonly #bindings: Binding[] = [];
  readonly #groups = new Map<string, Binding>();
  readonly #dotted = new Map<string, Binding>();
  #durable: DurableBinding | null = null;

  constructor(options: SourcesOptions) {
    this.#o = options;
  }

  start(): void {
    const { bus, intake, pcId, groups } = this.#o;
    const kill = bus.subscribe('kill.*', ({ subject }) => this.#o.onKill(subject.slice('kill.'.length)));
    const live = [commandSubjects.all, commandSubjects.pc(pcId)].map((subject) =>
      bus.subscribe(subject, (message) => intake.receive('live', { subject: message.subject, data: message.data })),
    );
    this.#bindings.push(kill, ...live);
    const stop = groups.watch((now) => this.#follow(now));
    this.#bindings.push({ close: stop });
    this.#follow(groups.value);
  }

  /** The command may be killed by an execution id that the wildcard does not cover. */
  arm(command: Command): void {
    const { execId } = command;
    if (execId === null || !execId.includes('.') || !isSubjectId(execId) || this.#dotted.has(execId)) return;
    this.#dotted.set(
      execId,
      this.#o.bus.subscribe(killSubject(execId), () => this.#o.onKill(execId)),
    );
    const [oldest] = this.#dotted;
    if (this.#dotted.size > DOTTED_MAX && oldest !== undefined) {
      oldest[1].close();
      this.#dotted.delete(oldest[0]);
    }
  }

  /** Membership has changed, or is known at last: only then is anything replayed (D1). */
  #follow(groups: ReadonlySet<string> | null): void {
    if (groups === null) return;
    const { bus, intake } = this.#o;
    for (const [group, binding] of this.#groups) {
      if (groups.has(group)) continue;
      binding.close();
      this.#groups.delete(group);
    }
    for (const group of groups) {
      if (this.#groups.has(group)) continue;
      const binding = bus.subscribe(commandSubjects.group(group), (message) =>
        intake.receive('live', { subject: message.subject, data: message.data }),
      );
      this.#groups.set(group, binding);
    }
    if (this.#durable === null) this.#durable = this.#consume();
    else this.#durable.rebind();
  }

  #consume(): DurableBinding {
    const { bus, intake, pcId, groups } = this.#o;
    return bus.consume(
      {
        stream: STREAM,
        durable: durableName(pcId),
        pcId,
        filterSubjects: () => [
          commandSubjects.all,
          commandSubjects.pc(pcId),
          ...[...(groups.value ?? [])].sort().map((group) => commandSubjects.group(group)),
        ],
        deliver: this.#o.firstEnrolment === 'skip' ? 'new' : 'last_per_subject',
      },
      {
        message: (message) => intake.receive('replay', message),
        foreign: this.#o.onForeignConsumer,
      },
    );
  }

  close(): void {
    for (const binding of [...this.#bindings, ...this.#groups.values(), ...this.#dotted.values()]) binding.close();
    this.#durable?.close();
  }
}
