/** Windows icon files. Sizes up to 48 px go in as bitmaps, which every reader of icons understands; larger ones as PNG. */

/** Square; `rgba` from the top left. */
interface Picture {
  readonly size: number;
  readonly rgba: Uint8Array;
  readonly png: Uint8Array;
}

const ICO_HEADER_BYTES = 6;
const ENTRY_BYTES = 16;
const DIB_HEADER_BYTES = 40;
const LARGEST_BITMAP = 48;

export function ico(pictures: readonly Picture[]): Buffer {
  const bodies = pictures.map((picture) =>
    picture.size <= LARGEST_BITMAP ? bitmap(picture) : Buffer.from(picture.png),
  );
  const header = Buffer.alloc(ICO_HEADER_BYTES + ENTRY_BYTES * pictures.length);
  header.writeUInt16LE(1, 2);
  header.writeUInt16LE(pictures.length, 4);
  let offset = header.length;
  for (const [place, { size }] of pictures.entries()) {
    const at = ICO_HEADER_BYTES + ENTRY_BYTES * place;
    const bytes = bodies[place]?.length ?? 0;
    header.writeUInt8(size % 256, at);
    header.writeUInt8(size % 256, at + 1);
    header.writeUInt16LE(1, at + 4);
    header.writeUInt16LE(32, at + 6);
    header.writeUInt32LE(bytes, at + 8);
    header.writeUInt32LE(offset, at + 12);
    offset += bytes;
  }
  return Buffer.concat([header, ...bodies]);
}

/** From the bottom up, blue first, and the mask of one bit that came before there was an alpha channel. */
function bitmap({ size, rgba }: Picture) {
  const maskRowBytes = Math.ceil(size / 32) * 4;
  const body = Buffer.alloc(DIB_HEADER_BYTES + size * size * 4 + maskRowBytes * size);
  body.writeUInt32LE(DIB_HEADER_BYTES, 0);
  body.writeInt32LE(size, 4);
  body.writeInt32LE(size * 2, 8);
  body.writeUInt16LE(1, 12);
  body.writeUInt16LE(32, 14);
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const from = (y * size + x) * 4;
      const to = DIB_HEADER_BYTES + ((size - 1 - y) * size + x) * 4;
      const [red = 0, green = 0, blue = 0, alpha = 0] = rgba.subarray(from, from + 4);
      body.set([blue, green, red, alpha], to);
      if (alpha === 0) {
        const mask = DIB_HEADER_BYTES + size * size * 4 + (size - 1 - y) * maskRowBytes + (x >> 3);
        body[mask] = (body[mask] ?? 0) | (0x80 >> (x & 7));
      }
    }
  }
  return body;
}
