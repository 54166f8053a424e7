/** `node scripts/run.mjs electron-age`: how old the Electron is that is packed, and whether a newer one of its line is out. Ends with 0. */
import { main, say } from './bootstrap/say.mjs';
import { electronAge, NAMED, publishedVersions } from './lib/packaging/electron-age.ts';

await main(async () => {
  for (const line of electronAge(NAMED, await publishedVersions(process.env), new Date())) say(line);
  return 0;
});
