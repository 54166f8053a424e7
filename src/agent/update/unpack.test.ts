import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { create, Header, type HeaderData } from 'tar';
import { expect, test } from 'vitest';
import { tempDir } from '../../../test/support/temp.ts';
import { unpack } from './unpack.ts';

type Entry = Partial<HeaderData> & { readonly path: string; readonly body?: string };

/** An archive with any headers, also such as no packer of ours writes. */
function archive(entries: readonly Entry[]): string {
  const blocks = entries.flatMap(({ body = '', ...data }) => {
    const bytes = Buffer.from(body);
    const block = Buffer.alloc(512);
    const header = new Header({ type: 'File', mode: 0o644, size: bytes.length, mtime: new Date(0), ...data });
    header.encode(block, 0);
    return [block, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  const file = join(tempDir(), 'package.tar.gz');
  writeFileSync(file, gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)])));
  return file;
}

async function unpacked(file: string, unpackedBytes = 1_000_000) {
  const to = join(tempDir(), 'new');
  const signal = new AbortController().signal;
  return { to, outcome: await unpack({ file, to, unpackedBytes, signal }) };
}

const below = (directory: string) => readdirSync(directory, { recursive: true }).map(String).sort();

test('files and directories, as the packer of tar writes them', async () => {
  const from = tempDir();
  const files: Readonly<Record<string, string>> = {
    'agent/main.js': 'main',
    'agent/node_modules/@a/b-c/x.node': 'x'.repeat(200_000),
    'node/node': '#!/bin/sh',
    empty: '',
  };
  for (const [name, body] of Object.entries(files)) {
    mkdirSync(dirname(join(from, name)), { recursive: true });
    writeFileSync(join(from, name), body, { mode: name === 'node/node' ? 0o755 : 0o600 });
  }
  const file = join(tempDir(), 'package.tar.gz');
  await create({ file, cwd: from, gzip: true, portable: true }, readdirSync(from));
  const { to, outcome } = await unpacked(file, 200_013);
  expect(outcome).toEqual({ ok: true });
  for (const [name, body] of Object.entries(files)) expect(readFileSync(join(to, name), 'utf8')).toBe(body);
  if (process.platform === 'win32') return;
  expect(statSync(join(to, 'node', 'node')).mode & 0o7777).toBe(0o755);
  expect(statSync(join(to, 'agent', 'main.js')).mode & 0o7777).toBe(0o644);
});

const REFUSED: readonly [what: string, why: string, entries: readonly Entry[], bytes?: number][] = [
  ['a way up', 'a path', [{ path: '../outside', body: 'x' }]],
  ['a way up in the middle', 'a path', [{ path: 'a/../../outside', body: 'x' }]],
  ['an absolute path', 'a path', [{ path: '/etc/outside', body: 'x' }]],
  ['a drive', 'a path', [{ path: 'C:/outside', body: 'x' }]],
  ['a path of Windows', 'a path', [{ path: 'a\\..\\..\\outside', body: 'x' }]],
  ['a stream of NTFS', 'a path', [{ path: 'a:b', body: 'x' }]],
  ['a device of Windows', 'a path', [{ path: 'a/NUL.txt', body: 'x' }]],
  ['a name that ends with a dot', 'a path', [{ path: 'a./b', body: 'x' }]],
  ['an empty part', 'a path', [{ path: 'a//b', body: 'x' }]],
  ['a name in other letters', 'a path', [{ path: 'a/ｂ', body: 'x' }]],
  ['a symbolic link', 'SymbolicLink', [{ path: 'a', type: 'SymbolicLink', linkpath: '/etc' }]],
  [
    'a file through a link',
    'SymbolicLink',
    [
      { path: 'a', type: 'SymbolicLink', linkpath: '/tmp' },
      { path: 'a/b', body: 'x' },
    ],
  ],
  ['a hard link', 'Link', [{ path: 'a', type: 'Link', linkpath: '/etc/passwd' }]],
  ['a device', 'CharacterDevice', [{ path: 'a', type: 'CharacterDevice' }]],
  ['a pipe', 'FIFO', [{ path: 'a', type: 'FIFO' }]],
  [
    'a file twice',
    'twice',
    [
      { path: 'a', body: 'x' },
      { path: 'a', body: 'y' },
    ],
  ],
  [
    'a file below a file',
    'is a file',
    [
      { path: 'a', body: 'x' },
      { path: 'a/b', body: 'y' },
    ],
  ],
  ['more bytes than signed', 'more bytes', [{ path: 'a', body: 'x'.repeat(11) }], 10],
  [
    'more bytes than signed, in two files',
    'more bytes',
    [
      { path: 'a', body: 'x'.repeat(6) },
      { path: 'b', body: 'x'.repeat(6) },
    ],
    10,
  ],
];

test.each(REFUSED)('%s is refused', async (_what, why, entries, bytes) => {
  const { to, outcome } = await unpacked(archive(entries), bytes);
  expect(outcome).toEqual({ ok: false, why: expect.stringContaining(why) });
  expect(below(dirname(to)).filter((name) => name.includes('outside'))).toEqual([]);
  expect(existsSync(join(dirname(to), 'outside'))).toBe(false);
});

test('an archive that is cut, or none, is refused', async () => {
  const whole = readFileSync(archive([{ path: 'a', body: 'x'.repeat(5_000) }]));
  const file = join(tempDir(), 'cut');
  for (const body of [whole.subarray(0, whole.length - 40), Buffer.from('no archive'.repeat(200)), Buffer.alloc(0)]) {
    writeFileSync(file, body);
    expect((await unpacked(file)).outcome).toMatchObject({ ok: false });
  }
});

test('what is there already is not unpacked over', async () => {
  const to = join(tempDir(), 'new');
  symlinkSync(tempDir(), to);
  const signal = new AbortController().signal;
  await expect(unpack({ file: archive([]), to, unpackedBytes: 1, signal })).rejects.toThrow('EEXIST');
});
