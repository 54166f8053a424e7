/** What is in this PC, line by line, as Support shows it and the report says it. */
import type { Hardware } from './about-view.ts';
import type { I18n } from './i18n/i18n.ts';

/** Memory is sold in powers of two and called GB all the same; disks are not. */
const MEMORY_GB = 1e9 / 1024 ** 3;

export interface HardwareFact {
  readonly name: string;
  readonly value: string;
}

/** What is not known is left out. */
export function describeHardware(hardware: Hardware, i18n: I18n, nowMs: number): HardwareFact[] {
  const { system, processor, memoryBytes, disks, unread, bootedAtMs } = hardware;
  const facts: readonly (readonly [name: string, value: string | null])[] = [
    [i18n.t('support.system'), system],
    [i18n.t('support.processor'), processor],
    [i18n.t('support.memory'), memoryBytes === null ? null : i18n.bytes(memoryBytes * MEMORY_GB)],
    ...disks.map(({ name, sizeBytes, freeBytes }) => {
      const free = i18n.t('support.disk.free', { free: i18n.bytes(freeBytes), size: i18n.bytes(sizeBytes) });
      return [i18n.t('support.disk', { name }), free] as const;
    }),
    [i18n.t('support.booted'), bootedAtMs === null ? null : i18n.moment(bootedAtMs, nowMs)],
    [i18n.t('support.hardware.unread'), unread.join('; ')],
  ];
  return facts.flatMap(([name, value]) => (value === null || value === '' ? [] : [{ name, value }]));
}
