/** The ids that a client of the agent names: one schema each makes them the types of `ids.ts`. */
import { z } from 'zod';

export const runIdSchema = z.number().int().min(1).brand<'run'>();
