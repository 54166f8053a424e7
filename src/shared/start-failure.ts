/** Why an agent that was started by hand ended at once: what its window says while there is none. */
import { z } from 'zod';

export const START_FAILURES = ['not_set_up', 'config_invalid', 'not_trusted'] as const;
export type StartFailure = (typeof START_FAILURES)[number];

/** The content of `start-failure.json`: no names and no values, since every account may read it. */
export const startFailureSchema = z.object({ state: z.enum(START_FAILURES) });
