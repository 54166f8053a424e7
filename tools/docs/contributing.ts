/** The section of CONTRIBUTING.md that is made from the tables of `layers.ts`. */
import { FOR_ALL, LAYERS, PACKAGES } from '../../test/support/layers.ts';

const BEGIN = '<!-- Made from test/support/layers.ts by `npm run docs`; do not edit. -->';
const END = '<!-- End of what is made. -->';

/** The text of CONTRIBUTING.md with this section as the tables are now. */
export function withSection(text: string): string {
  const begin = text.indexOf(BEGIN);
  const end = text.indexOf(END);
  if (begin < 0 || end < begin) throw new Error('CONTRIBUTING.md has lost the marks of its made section');
  return `${text.slice(0, begin)}${BEGIN}\n\n${section()}\n${text.slice(end)}`;
}

function section(): string {
  const layers = LAYERS.map(({ path, holds, may }) => {
    const imports = may.length === 0 ? '' : ` May import ${may.map(short).join(', ')}.`;
    return `- \`${path}\`: ${holds}.${imports}`;
  });
  const packages = PACKAGES.map(
    ({ packages: names, only }) => `- ${names.map(code).join(', ')}: only in ${only.map(short).join(', ')}.`,
  );
  return [
    `Everyone may import \`${FOR_ALL}\` and files of the own folder. \`agent/…\` stands for \`src/agent/…\`, and so on.`,
    '',
    ...layers,
    '',
    'Packages and parts of Node:',
    '',
    ...packages,
    '',
  ].join('\n');
}

function short(path: string): string {
  return code(path.replace(/^src\//, ''));
}

function code(text: string): string {
  return `\`${text}\``;
}
