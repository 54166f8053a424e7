/**
 * What a version that is not used yet says about itself: `--self-test`, one line of JSON. Between two releases: what the older one
 * reads, the newer one must go on to write.
 */
import { z } from 'zod';

const reportSchema = z.object({
  version: z.string(),
  /** The number of its store. */
  schema: z.int().min(1),
  /** The lowest number of a store whose release can read what it leaves behind. */
  min_reader: z.int().min(1),
});

export type SelfTestReport = z.infer<typeof reportSchema>;

export function selfTestText(report: SelfTestReport): string {
  return `${JSON.stringify(report)}\n`;
}

/** null: it is no report. */
export function readSelfTest(stdout: string): SelfTestReport | null {
  try {
    const read = reportSchema.safeParse(JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
    return read.success ? read.data : null;
  } catch {
    return null;
  }
}
