/** `npm run build`: the product in `dist`. */
import { main } from './bootstrap/say.mjs';
import { ensureBuilt } from './lib/building.ts';
import { setUp } from './lib/setup.ts';

await main(async () => {
  const { node } = await setUp();
  await ensureBuilt(node);
  return 0;
});
