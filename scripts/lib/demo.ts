/** The demo: a short day of IT work through the real wire. Invariant: every scene is told, whatever came of it. */
import { errorText } from '../../src/base/logger.ts';
import { say } from '../bootstrap/say.mjs';
import type { Scene } from './demo-scene.ts';
import { SCENES } from './demo-scenes.ts';
import type { LocalFleet } from './local-fleet.ts';

const TITLE_CHARS = 30;

/**
 * Plays all scenes and tells each outcome as its result lands.
 * @returns whether every outcome was as expected
 */
export async function playDemo(fleet: LocalFleet, signal: AbortSignal, scenes = SCENES): Promise<boolean> {
  let asExpected = 0;
  let all = 0;
  for (const scene of scenes) {
    for (const { title, ok, words } of await play(scene, fleet, signal)) {
      say(`  ${ok ? '✓' : '✗'} ${title.padEnd(TITLE_CHARS)} ${words}${ok ? '' : '  ← not as expected'}`);
      all += 1;
      if (ok) asExpected += 1;
    }
  }
  say(`The day is over: ${asExpected} of ${all} outcomes as expected.`);
  return asExpected === all;
}

async function play(scene: Scene, fleet: LocalFleet, signal: AbortSignal) {
  try {
    return await scene.run(fleet, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (!fleet.broker.running) await fleet.broker.start();
    return [{ title: scene.title, ok: false, words: errorText(error) }];
  }
}
