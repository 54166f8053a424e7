/** Made by `scripts/lib/vite-licences.ts` when the window is built. */
declare module 'virtual:licences' {
  export interface Licence {
    readonly name: string;
    readonly version: string;
    readonly licence: string;
    readonly text: string;
  }
  export const licences: readonly Licence[];
}
