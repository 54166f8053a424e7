/** The options of the release tool. */
import { parseArgs } from 'node:util';
import { CliError } from '../../scripts/bootstrap/say.mjs';
import { errorText } from '../../src/base/logger.ts';

const TEXTS = [
  'dir',
  'recovery',
  'name',
  'days',
  'threshold',
  'floor',
  'key',
  'keys',
  'add-to',
  'file',
  'version',
  'platform',
  'arch',
  'channel',
  'min-from',
  'server',
  'creds',
  'user',
  'password-file',
  'ca',
] as const;
const FLAGS = ['add', 'recovery-key', 'allow-downgrade'] as const;

type Text = (typeof TEXTS)[number];
type Flag = (typeof FLAGS)[number];

/** What stands on the command line. Each asks for what it needs; a missing one is a {@link CliError}. */
export class Options {
  readonly #values: Readonly<Record<string, string | boolean | undefined>>;

  constructor(args: readonly string[]) {
    const options = Object.fromEntries([
      ...TEXTS.map((name) => [name, { type: 'string' }] as const),
      ...FLAGS.map((name) => [name, { type: 'boolean' }] as const),
    ]);
    try {
      this.#values = parseArgs({ args: [...args], options, strict: true }).values as Record<string, string | boolean>;
    } catch (error) {
      throw new CliError(errorText(error));
    }
  }

  text(name: Text, otherwise?: string): string {
    const value = this.#values[name] ?? otherwise;
    if (typeof value !== 'string') throw new CliError(`--${name} is missing.`);
    return value;
  }

  number(name: Text, otherwise?: number): number {
    const value = Number(this.text(name, otherwise === undefined ? undefined : String(otherwise)));
    if (!Number.isSafeInteger(value) || value < 0) throw new CliError(`--${name} is no whole number.`);
    return value;
  }

  flag(name: Flag): boolean {
    return this.#values[name] === true;
  }
}
