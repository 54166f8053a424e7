/** Times in what is signed: each has one spelling. */
import { z } from 'zod';

/** `2026-11-30T09:00:00Z`, the one spelling of a time in what is signed; read as ms since the epoch. */
export const signedTime = z.string().transform((text, context) => {
  const atMs = Date.parse(text);
  if (!Number.isNaN(atMs) && signedTimeText(atMs) === text) return atMs;
  context.addIssue({ code: 'custom', message: 'not a time' });
  return z.NEVER;
});

export function signedTimeText(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, -'.000Z'.length)}Z`;
}
