/**
 * Where commands and kills come from: live subjects, the groups' subjects while this PC is a member, and the durable
 * consumer for what was missed. Everything is listened to before anything can be lost (D9, D21).
 */
import { drop } from '../../base/drop.ts';
import { errorText, type Logger } from '../../base/logger.ts';
import type { Watched } from '../../base/watched.ts';
import type { GroupName, PcId } from '../../shared/ids.ts';
import type { Binding, Bus, BusMessage, DurableBinding } from '../bus/bus.ts';
import type { Enrolment } from '../store/enrolment.ts';
import type { Command } from '../wire/command.ts';
import { commandSubjects, durableName, isSubjectId } from '../wire/subjects.ts';
import type { Incoming } from './arrival-queue.ts';
import type { Intake } from './intake.ts';

const STREAM = 'EXEC';
const KILLS = 'kill.';

export interface CommandSubscriptionsOptions {
  readonly pcId: PcId;
  readonly bus: Bus;
  readonly intake: Pick<Intake, 'receive'>;
  readonly groups: Watched<ReadonlySet<GroupName> | null>;
  /** What a first enrolment does with old broadcasts (`[replay] first_enrolment`). */
  readonly firstEnrolment: 'catch-up' | 'skip';
  readonly enrolment: Enrolment;
  /** Whether a run that is open belongs to an execution whose id has a dot. */
  readonly hasDottedExec: () => boolean;
  /** The durable consumer is bound. */
  readonly onBound: () => void;
  /** It has met a later state of our store; resolves when that can't be forgotten any more. */
  readonly onOlderCopy: () => Promise<void>;
  readonly onKill: (execId: string) => void;
  /** The consumer belongs to another pc_id (D22). */
  readonly onForeignConsumer: (pcId: string) => void;
  readonly log: Logger;
}

export class CommandSubscriptions {
  readonly #options: CommandSubscriptionsOptions;
  #kill: Binding | null = null;
  readonly #bindings: Binding[] = [];
  readonly #groups = new Map<GroupName, Binding>();
  #dotted: Binding | null = null;
  #durable: DurableBinding | null = null;

  constructor(options: CommandSubscriptionsOptions) {
    this.#options = options;
  }

  /** Heard from the first moment to the last, whatever else is taken: what waits, or runs on through our stop, can be killed. */
  listenForKills(): void {
    this.#kill = this.#kills('kill.*');
    this.#armForOpenRuns();
  }

  start(): void {
    const { bus, intake, pcId, groups } = this.#options;
    const live = [commandSubjects.all, commandSubjects.pc(pcId)].map((subject) =>
      bus.subscribe(subject, (message) => intake.receive('live', withoutReply(message))),
    );
    this.#bindings.push(...live);
    const stop = groups.watch((now) => this.#follow(now));
    this.#bindings.push({ close: stop });
    this.#follow(groups.value);
  }

  /** The command may be killed by an execution id that the wildcard does not cover. */
  arm(command: Command): void {
    const { execId } = command;
    if (execId?.includes('.') && isSubjectId(execId)) this.#armDotted();
  }

  #armForOpenRuns(): void {
    try {
      if (this.#options.hasDottedExec()) this.#armDotted();
    } catch (error) {
      // A store that can't be read at present; to listen to more than is needed does no harm.
      this.#options.log.warn('the open commands could not be read', { error: errorText(error) });
      this.#armDotted();
    }
  }

  /** From the first such id on, since a fleet without them may not be permitted the wider subject. */
  #armDotted(): void {
    this.#dotted ??= this.#kills('kill.*.>');
  }

  #kills(pattern: string): Binding {
    return this.#options.bus.subscribe(pattern, ({ subject }) => this.#options.onKill(subject.slice(KILLS.length)));
  }

  /** Membership has changed, or is known at last: only then is anything replayed (D1). */
  #follow(groups: ReadonlySet<GroupName> | null): void {
    if (groups === null) return;
    const { bus, intake } = this.#options;
    for (const [group, binding] of this.#groups) {
      if (groups.has(group)) continue;
      binding.close();
      this.#groups.delete(group);
    }
    for (const group of groups) {
      if (this.#groups.has(group)) continue;
      const binding = bus.subscribe(commandSubjects.group(group), (message) =>
        intake.receive('live', withoutReply(message)),
      );
      this.#groups.set(group, binding);
    }
    if (this.#durable === null) this.#durable = this.#consume();
    else this.#durable.rebind();
  }

  #consume(): DurableBinding {
    const { bus, intake, pcId, groups, enrolment, log } = this.#options;
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
        // A PC that the store knows to be enrolled is not new because its consumer was removed meanwhile.
        deliver: () => (this.#options.firstEnrolment === 'skip' && !enrolment.enrolled ? 'new' : 'last_per_subject'),
        nextIncarnation: (found) => enrolment.nextIncarnation(found),
        knowsIncarnation: (incarnation) => enrolment.knowsIncarnation(incarnation),
        keepsIncarnation: (incarnation) => enrolment.kept(incarnation),
      },
      {
        message: (message) => intake.receive('replay', message),
        olderCopy: () => this.#options.onOlderCopy(),
        bound: (named) => {
          if (named) drop(enrolment.bound(), log, 'noting the enrolment');
          this.#options.onBound();
        },
        foreign: this.#options.onForeignConsumer,
      },
    );
  }

  /** Takes no more commands. Kills are still heard. */
  close(): void {
    for (const binding of [...this.#bindings, ...this.#groups.values()]) binding.close();
    this.#durable?.close();
  }

  closeKills(): void {
    this.#kill?.close();
    this.#dotted?.close();
  }
}

/** A message of a core subscription: there is nobody to acknowledge it to. */
function withoutReply({ subject, data, header }: BusMessage): Incoming {
  return { subject, data, ...(header === undefined ? {} : { header }) };
}
