import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { tempDir } from '../../../test/support/temp.ts';
import { LOG_REPLY_MAX_BYTES, lastLines } from './log-tail.ts';

const never = new AbortController().signal;

async function tail(content: string | Uint8Array, lines: number): Promise<string> {
  const path = join(tempDir(), 'a.log');
  writeFileSync(path, content);
  return Buffer.from(await lastLines(path, lines, never)).toString();
}

test.each([
  ['an empty file', '', 5, ''],
  ['fewer lines than asked for', 'a\nb\n', 5, 'a\nb\n'],
  ['exactly as many', 'a\nb\n', 2, 'a\nb\n'],
  ['more', 'a\nb\nc\n', 2, 'b\nc\n'],
  ['a last line without its end', 'a\nb\nc', 2, 'b\nc\n'],
  ['Windows line ends', 'a\r\nb\r\nc\r\n', 2, 'b\nc\n'],
  ['a carriage return inside a line', 'a\rb\r\n', 1, 'a\rb\n'],
  ['empty lines', 'a\n\n\n', 3, 'a\n\n\n'],
  ['no lines wanted', 'a\nb\n', 0, ''],
  ['as many as can be asked for', 'a\nb\n', 2 ** 32 - 1, 'a\nb\n'],
  ['日本語', '一\n二\n三\n', 2, '二\n三\n'],
])('%s', async (_, content, lines, expected) => {
  expect(await tail(content, lines)).toBe(expected);
});

test('what is not UTF-8 is replaced', async () => {
  expect(await tail(Buffer.from([0x61, 0xff, 0x62, 0x0a]), 1)).toBe('a\ufffdb\n');
});

test('lines that are read in several steps are whole', async () => {
  const lines = Array.from({ length: 20_000 }, (_, index) => `${index} ${'é'.repeat(index % 40)}`);
  const content = `${lines.join('\n')}\n`;
  for (const count of [1, 500, 3_000, 9_999]) {
    expect(await tail(content, count)).toBe(`${lines.slice(-count).join('\n')}\n`);
  }
});

test('a reply is cut at the front to 800 KiB, at the start of a character', async () => {
  const body = await tail(`${'x'.repeat(10)}${'語'.repeat(400_000)}\n`, 1);
  expect(body).toMatch(/^語+\n$/);
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(LOG_REPLY_MAX_BYTES);
  expect(Buffer.byteLength(body)).toBeGreaterThan(LOG_REPLY_MAX_BYTES - 4);
});

test('a reply that grew by replaced bytes is cut too', async () => {
  const body = await tail(Buffer.alloc(LOG_REPLY_MAX_BYTES * 2, 0xff), 1);
  expect(Buffer.byteLength(body)).toBeLessThanOrEqual(LOG_REPLY_MAX_BYTES);
  expect(body).toMatch(/^\ufffd+\n$/);
});

test('a file of gigabytes costs no more memory than a reply', async () => {
  const path = join(tempDir(), 'huge.log');
  writeFileSync(path, '');
  // Sparse: 2 GiB of nothing, which is one line without an end.
  truncateSync(path, 2 ** 31);
  const before = process.memoryUsage().arrayBuffers;
  const body = await lastLines(path, 500, never);
  expect(body.length).toBeLessThanOrEqual(LOG_REPLY_MAX_BYTES);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * LOG_REPLY_MAX_BYTES);
});

test('a file that is not there is an error of the file system', async () => {
  await expect(lastLines(join(tempDir(), 'none.log'), 1, never)).rejects.toMatchObject({ code: 'ENOENT' });
});
