/** `node scripts/electron-age.mjs`: how old the Electron is that is packed, and whether a newer one of its line is out. Ends with 0. */
import { electronAge, NAMED, publishedVersions } from './lib/packaging/electron-age.mjs';
import { main, say } from './lib/say.mjs';

await main(async () => {
  for (const line of electronAge(NAMED, await publishedVersions(process.env), new Date())) say(line);
  return 0;
});
