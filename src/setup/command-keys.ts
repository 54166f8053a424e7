/** The form of a file of command keys (protocol §11.4): a bad entry refuses the whole. This release stores them only. */

import { z } from 'zod';
import { errorText } from '../base/logger.ts';

const RAW_KEY_BYTES = 32;

const keySchema = z.object({
  kid: z.string().min(1),
  public_key: z.base64().refine((text) => Buffer.from(text, 'base64').length === RAW_KEY_BYTES, {
    error: `expected ${RAW_KEY_BYTES} bytes in base64`,
  }),
  label: z.string().optional(),
  max_age_secs: z.int().positive().optional(),
  audit_every_use: z.boolean().optional(),
});
const ringSchema = z
  .array(keySchema)
  .min(1)
  .refine((keys) => new Set(keys.map((key) => key.kid)).size === keys.length, { error: 'expected each kid once' });

/** null: it can be used; else what is wrong, and where. */
export function checkCommandKeys(text: string): string | null {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch (error) {
    return `no JSON: ${errorText(error)}`;
  }
  const checked = ringSchema.safeParse(read);
  if (checked.success) return null;
  const [issue] = checked.error.issues;
  return `${issue?.path.join('.') || 'the list'}: ${issue?.message ?? 'not usable'}`;
}
