/** The options of the release tool. */
import { accessSync, constants } from 'node:fs';
import { parseArgs } from 'node:util';
import { CliError } from '../../scripts/bootstrap/say.mjs';
import { errorText } from '../../src/base/logger.ts';
import { errorCode } from '../../src/shared/error-code.ts';

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

/** A hundred years: what ends later than that was mistyped. */
const MAX_DAYS = 36_500;

/** What stands on the command line. Each asks for what it needs; what is missing or wrong is a {@link CliError} that names it. */
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

  number(name: Text, otherwise: number, { least = 0, most = Number.MAX_SAFE_INTEGER } = {}): number {
    const text = this.text(name, String(otherwise));
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(value)) throw new CliError(`--${name} is no whole number: ${text}.`);
    if (value < least) throw new CliError(`--${name} must be ${least} or more, not ${value}.`);
    if (value > most) throw new CliError(`--${name} must be ${most} or less, not ${value}.`);
    return value;
  }

  days(otherwise: number): number {
    return this.number('days', otherwise, { least: 1, most: MAX_DAYS });
  }

  /** The path of a file that is there and can be read. */
  file(name: Text): string {
    const path = this.text(name);
    try {
      accessSync(path, constants.R_OK);
    } catch (error) {
      throw new CliError(`--${name}: ${path} can't be read (${errorCode(error)}).`);
    }
    return path;
  }

  has(name: Text): boolean {
    return this.#values[name] !== undefined;
  }

  flag(name: Flag): boolean {
    return this.#values[name] === true;
  }
}
