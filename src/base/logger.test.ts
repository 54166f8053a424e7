import { expect, test } from 'vitest';
import { formatJsonLine, formatLine } from './logger.ts';

test('nothing of a message or a field acts on a terminal that shows the log', () => {
  const text = 'a\u001b[2Jb\u009b2Jc\u0007d\u202ee\u007f';
  const entry = {
    at: new Date(0),
    level: 'info',
    component: 'x',
    message: text,
    fields: { text, list: [text] },
  } as const;
  for (const line of [formatLine(entry), formatJsonLine(entry)]) expect(line).toMatch(/^[ -~]*$/);
  expect(JSON.parse(formatJsonLine(entry))).toMatchObject({ message: text, text, list: [text] });
});
