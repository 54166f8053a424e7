/**
 * IT's logo for the window, as a `data:` URL. A file counts as what it holds, not as what it is called; what can't be used is
 * left out with a reason, never shown as an empty box. The window shows people what the agent reads here, which may read every file: so
 * none that somebody else could have written or exchanged is taken.
 */
import { namedFile, readTrustedBytes } from '../../platform/secrets.ts';
import type { Hosting } from '../../shared/states.ts';

export type Logo = { readonly ok: true; readonly dataUrl: string } | { readonly ok: false; readonly why: string };

const MAX_BYTES = 256 * 1024;
const MAX_PX = 2_048;
const PNG = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Reads a PNG, a JPEG or an SVG of at most 256 KiB. */
export function readLogo(file: string, startedAs: Hosting): Logo {
  const found = readTrustedBytes(file, namedFile(startedAs, MAX_BYTES));
  if (found.kind === 'missing') return no('it is not there');
  if (found.kind === 'refused') return no(`it ${found.why}`);
  const body = Buffer.from(found.bytes);
  if (body.subarray(0, PNG.length).equals(PNG)) return png(body);
  if (body[0] === 0xff && body[1] === 0xd8 && body[2] === 0xff) return yes('image/jpeg', body);
  return svg(body);
}

function png(body: Buffer): Logo {
  if (body.length < 24 || body.toString('latin1', 12, 16) !== 'IHDR') return no('it is a damaged PNG');
  const [width, height] = [body.readUInt32BE(16), body.readUInt32BE(20)];
  if (width < 1 || height < 1 || width > MAX_PX || height > MAX_PX)
    return no(`${width} × ${height} pixels are too many`);
  return yes('image/png', body);
}

/** As an image it can neither run a script nor load anything; one that tries is no logo all the same. */
function svg(body: Buffer): Logo {
  const text = body.toString('utf8').replace(/^\uFEFF/, '');
  if (!/^\s*(<\?xml[^>]*>\s*)?(<!--[\s\S]*?-->\s*)*<svg[\s>]/.test(text) || !/<\/svg>\s*$/.test(text)) {
    return no('it is no PNG, JPEG or SVG');
  }
  if (
    /<script|<foreignObject|<!ENTITY|\son\w+\s*=|(href|src)\s*=\s*["']?\s*(https?:|\/\/|file:|javascript:)/i.test(text)
  ) {
    return no('it is an SVG with scripts or outside references');
  }
  return yes('image/svg+xml', body);
}

function yes(type: string, body: Buffer): Logo {
  return { ok: true, dataUrl: `data:${type};base64,${body.toString('base64')}` };
}

function no(why: string): Logo {
  return { ok: false, why };
}
