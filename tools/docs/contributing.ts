/** The section of CONTRIBUTING.md that is made from the tables of `layers.ts`. */
import { FOR_ALL, LAYERS, PACKAGES } from '../../test/support/layers.ts';
import { withMadeSection } from './made-section.ts';

/** The text of CONTRIBUTING.md with this section as the tables are now. */
export function withSection(text: string): string {
  return withMadeSection(text, 'test/support/layers.ts', section());
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
