/** The commands of `npm run release`. */
import { CliError, main } from '../../scripts/bootstrap/say.mjs';
import { makeKeys, revoke, rotate, signRelease } from './commands.ts';
import { Options } from './options.ts';
import { publish } from './publish.ts';

const COMMANDS: Readonly<Record<string, (options: Options) => void | Promise<void>>> = {
  keys: makeKeys,
  sign: signRelease,
  publish,
  rotate,
  revoke,
};

await main(async () => {
  const [name = '', ...args] = process.argv.slice(2);
  const command = COMMANDS[name];
  if (command === undefined) throw new CliError(`Say one of ${Object.keys(COMMANDS).join(', ')}; see docs/updates.md.`);
  await command(new Options(args));
  return 0;
});
