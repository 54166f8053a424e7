/** What IT decides about the window, as the window is told of it. */
import { z } from 'zod';
import { type UiRow, WINDOW_ROWS, type WindowSettings } from './ui-settings.ts';

export const LANGUAGES = ['en', 'ja'] as const;
export type Language = (typeof LANGUAGES)[number];

type WindowShape = { readonly [F in keyof WindowSettings]: z.ZodType<WindowSettings[F], WindowSettings[F]> };

/** One field for each row of `[ui]` that a window obeys. */
function windowShape(): WindowShape {
  const shape = Object.entries(WINDOW_ROWS).map(([field, row]) => [field, valueSchema(row)]);
  return Object.fromEntries(shape) as unknown as WindowShape;
}

function valueSchema(row: UiRow): z.ZodType {
  switch (row.kind) {
    case 'boolean':
      return z.boolean();
    case 'integer':
      return z.number().int();
    case 'choice':
      return z.enum([...row.choices]);
  }
}

/** What IT decides about icon and window: it holds for whoever shows them. */
export const uiSettingsSchema = z.object({
  brandName: z.string(),
  /** How the window names the IT department; null: the word of the language. */
  itName: z.string().nullable(),
  /** A PNG, JPEG or SVG as a `data:` URL; null: none, or one that can't be used (the log says why). */
  logo: z.string().nullable(),
  /** A policy says the language: the person can't choose another. */
  languageLocked: z.boolean(),
  ...windowShape(),
});
export type UiSettings = z.infer<typeof uiSettingsSchema>;
