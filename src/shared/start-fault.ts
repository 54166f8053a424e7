/** Why an agent that was started by hand ended at once: what its window says while there is none. */
import { z } from 'zod';

export const START_FAULTS = ['not_set_up', 'config_invalid', 'not_trusted'] as const;
export type StartFault = (typeof START_FAULTS)[number];

/** The content of `start-fault.json`: no names and no values, since every account may read it. */
export const startFaultSchema = z.object({ state: z.enum(START_FAULTS) });
