/** Where the params of a call are checked; apart from `rpc.ts`, so that the window does without the schemas. */
import { z } from 'zod';
import { Fault } from './faults.ts';
import type { Method } from './rpc.ts';

/** A method whose params are checked by `schema` before `run` sees them. */
export function checked<S extends z.ZodType>(schema: S, run: (params: z.output<S>) => unknown): Method {
  return (params) => {
    const parsed = schema.safeParse(params);
    if (parsed.success) return run(parsed.data);
    return new Fault('invalid_params', z.prettifyError(parsed.error).slice(0, 1_000));
  };
}
