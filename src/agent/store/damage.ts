/** Whoever runs a statement of the store and meets a page that is damaged: it is told in one place (design §6). */
import type { Database } from 'better-sqlite3';
import { isCorrupt } from './sqlite-errors.ts';

/** From here on `onDamage` hears of whatever fails on a damaged page, besides the one who asked for it. */
export function watchForDamage(db: Database, onDamage: (error: unknown) => void): void {
  const watch = <T extends object>(target: T, name: keyof T, onResult: (result: unknown) => void = () => {}) => {
    const method = target[name];
    if (typeof method !== 'function') return;
    const call: (...args: unknown[]) => unknown = method.bind(target);
    const value = (...args: unknown[]) => {
      try {
        const result = call(...args);
        onResult(result);
        return result;
      } catch (error) {
        if (isCorrupt(error)) onDamage(error);
        throw error;
      }
    };
    Object.defineProperty(target, name, { value });
  };
  watch(db, 'exec');
  watch(db, 'pragma');
  watch(db, 'prepare', (prepared) => {
    const statement = prepared as ReturnType<typeof db.prepare>;
    for (const name of ['run', 'get', 'all'] as const) watch(statement, name);
  });
}
