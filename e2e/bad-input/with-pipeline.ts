/** One pipeline for all cases of a file: what one case leaves behind, the next one has to live with. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { rowOf } from '../../src/agent/status/views.ts';
import { runRowSchema } from '../../src/shared/run-view.ts';
import { commandText } from './command-text.ts';
import { type Landing, Pipeline } from './pipeline.ts';

export interface Cases {
  readonly agent: Pipeline;
  /** A request_id that was not used before. */
  readonly freshId: () => string;
  /** What becomes of a message; after it a good command has run and ended in its result. */
  readonly ends: (data: string | Uint8Array, subject?: string) => Promise<Landing>;
}

export function withPipeline(): Cases {
  let agent: Pipeline | null = null;
  let directory = '';
  let count = 0;
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'kanade-tray-bad-'));
    agent = new Pipeline(directory);
  });
  afterAll(async () => {
    await agent?.close();
    rmSync(directory, { recursive: true, force: true });
  });
  const freshId = () => `r${++count}`;
  const cases: Cases = {
    get agent() {
      if (agent === null) throw new Error('the pipeline runs in tests only');
      return agent;
    },
    freshId,
    ends: async (data, subject) => {
      const landing = await cases.agent.send(data, subject);
      // Whatever is stored must also be showable.
      for (const row of landing.rows)
        expect(runRowSchema.parse(rowOf(row, { asYou: false, nameless: false })).run).toBe(row.run);
      const next = await cases.agent.send(commandText(freshId(), { id: '"adhoc-run"' }));
      expect(next.rows).toMatchObject([{ reason: 'DONE', exitCode: 0 }]);
      expect(next.results).toMatchObject([{ exit_code: 0 }]);
      return landing;
    },
  };
  return cases;
}
