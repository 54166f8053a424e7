import { expect, it } from 'vitest';
import { Transaction } from './transaction.ts';

it('undoes what was done, the last first, whatever fails on the way', async () => {
  const said: string[] = [];
  const undone: string[] = [];
  const transaction = new Transaction({ say: (line) => void said.push(line) });
  await transaction.step('one', () => () => void undone.push('one'));
  await transaction.step('two', () => () => {
    throw new Error('stuck');
  });
  await transaction.step('nothing to undo', () => null);
  await transaction.step('three', async () => async () => void undone.push('three'));
  await expect(
    transaction.step('four', () => {
      throw new Error('full');
    }),
  ).rejects.toThrow('full');
  await transaction.rollBack();
  await transaction.rollBack();
  expect(undone).toEqual(['three', 'one']);
  expect(said).toContain('could not be undone: stuck');
});
