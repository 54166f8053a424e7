/** How cases of parts are said: `check` is what is run, and `must` what its detail has to be. */
import type { Case } from './cases.ts';

export const real = (check: string, must: RegExp, setUp = ''): Case => {
  return { check, name: String(must), with: setUp, must, result: 'PASS', real: true };
};
export const fails = (check: string, must: RegExp, setUp = ''): Case => {
  return { check, name: String(must), with: setUp, must, real: true };
};
export const inWorld = (check: string, must: RegExp, setUp = ''): Case => {
  return { check, name: String(must), with: setUp, must, result: 'PASS' };
};
export const notInWorld = (check: string, must: RegExp, setUp = ''): Case => ({
  check,
  name: String(must),
  with: setUp,
  must,
});
