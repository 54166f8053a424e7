import { execFileSync } from 'node:child_process';
import { chownSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../../test/support/temp.ts';
import { wineTempDir } from '../../../test/support/wine-files.ts';
import { readLogo } from './logo.ts';

const PNG_START = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13]);
const SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M0 0h1v1Z"/></svg>';

function file(body: Buffer | string): string {
  const path = join(process.platform === 'win32' ? wineTempDir() : tempDir(), 'logo.whatever');
  writeFileSync(path, body);
  return path;
}

function png(width: number, height: number): Buffer {
  const size = Buffer.alloc(8);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  return Buffer.concat([PNG_START, Buffer.from('IHDR'), size]);
}

describe('a picture counts as what it holds, whatever its name', () => {
  test.each([
    ['image/png', png(200, 60)],
    ['image/jpeg', Buffer.from([0xff, 0xd8, 0xff, 0xe0])],
    ['image/svg+xml', SVG],
    ['image/svg+xml', `\uFEFF<?xml version="1.0"?>\n<!-- ours -->\n${SVG}\n`],
  ])('%s', (type, body) => {
    const logo = readLogo(file(body), 'headless');
    expect(logo).toEqual({ ok: true, dataUrl: `data:${type};base64,${Buffer.from(body).toString('base64')}` });
  });
});

test.each([
  ['is not there', null, 'it is not there'],
  ['is larger than 256 KiB', 'x'.repeat(256 * 1024 + 1), 'bytes'],
  ['is a damaged PNG', PNG_START, 'damaged PNG'],
  ['has too many pixels', png(5_000, 10), '5000 × 10 pixels'],
  ['is something else', 'hello', 'no PNG, JPEG or SVG'],
  ['is a page', '<html><svg></svg></html>', 'no PNG, JPEG or SVG'],
  ['runs a script', SVG.replace('<path', '<script>1</script><path'), 'scripts'],
  ['handles an event', SVG.replace('<path', '<path onload="x()"'), 'scripts'],
  ['loads from outside', SVG.replace('<path', '<image href="https://evil.example/x.png"/><path'), 'outside references'],
])('one that %s is left out, with the reason', (_what, body, why) => {
  const path = body === null ? '/no/such/logo.png' : file(body);
  expect(readLogo(path, 'headless')).toEqual({ ok: false, why: expect.stringContaining(why) });
});

test.skipIf(process.platform === 'win32')('a pipe in its place is not waited for', () => {
  const path = join(tempDir(), 'logo.png');
  execFileSync('mkfifo', [path]);
  expect(readLogo(path, 'headless')).toEqual({ ok: false, why: 'it is not a regular file' });
});

describe.runIf(process.getuid?.() === 0)('what the service reads is shown to people, so', () => {
  const SOMEBODY = 12_345;

  test('one that somebody else could have written, or led elsewhere, is left out', () => {
    const path = file(SVG);
    expect(readLogo(path, 'service')).toMatchObject({ ok: true });
    chownSync(path, SOMEBODY, SOMEBODY);
    const theirs = `it belongs to user ${SOMEBODY}, who could change it`;
    expect(readLogo(path, 'service')).toEqual({ ok: false, why: theirs });
    expect(readLogo(path, 'tray')).toEqual({ ok: false, why: theirs });
  });

  test('one whose directory is of somebody else is left out, but where the agent is a person’s own', () => {
    const path = file(SVG);
    chownSync(dirname(path), SOMEBODY, SOMEBODY);
    const why = `it is not safe where it lies: ${dirname(path)} belongs to user ${SOMEBODY}, who could change it`;
    expect(readLogo(path, 'service')).toEqual({ ok: false, why });
    expect(readLogo(path, 'tray')).toMatchObject({ ok: true });
  });
});
