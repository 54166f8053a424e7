/** How the set-up ends for whoever has started it: another process goes on, and needs the programs that it came with. */
export const HANDED_OVER = 250;
