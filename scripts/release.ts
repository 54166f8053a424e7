/** `npm run release -- keys|sign|publish|rotate|revoke`: what IT does with releases (docs/updates.md). */
import '../tools/release/main.ts';
