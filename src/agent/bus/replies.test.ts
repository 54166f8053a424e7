import { errors } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { operator } from '../../../test/support/fleet.ts';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { newInbox } from './inboxes.ts';
import { Replies } from './replies.ts';

async function connection(config = '') {
  const server = await startNatsServer({ config });
  const nc = await operator(server);
  return { nc, other: await operator(server), replies: new Replies(nc, newInbox('PC-A')) };
}

test('each request gets its own answer, in whatever order they come, and only the first', async () => {
  const { nc, other, replies } = await connection();
  const later: (() => void)[] = [];
  other.subscribe('echo', {
    callback: (_, message) => {
      later.unshift(() => {
        message.respond(message.data);
        message.respond('once more');
      });
      if (later.length === 3) for (const answer of later) answer();
    },
  });
  await other.flush();
  const asked = ['a', 'b', 'c'].map((body) => replies.ask('echo', body));
  const answers = await Promise.all(asked.map(({ answer }) => answer));
  expect(answers.map((answer) => answer.string())).toEqual(['a', 'b', 'c']);
  await nc.flush();
  expect(new Set(answers.map(({ subject }) => subject)).size).toBe(3);
});

test('nobody who listens, a body that is too large, and one that is not waited for any more', async () => {
  const { nc, other, replies } = await connection('max_payload: 4096');
  await expect(replies.ask('nobody', '').answer).rejects.toBeInstanceOf(errors.NoRespondersError);
  expect(() => replies.ask('large', new Uint8Array(5_000))).toThrow(errors.InvalidArgumentError);
  const answered = Promise.withResolvers<void>();
  other.subscribe('late', {
    callback: (_, message) => {
      message.respond('here');
      answered.resolve();
    },
  });
  await other.flush();
  const forgotten = replies.ask('late', '');
  forgotten.forget();
  await expect(forgotten.answer).rejects.toThrow('given up');
  await answered.promise;
  await other.flush();
  await nc.flush();
  const next = replies.ask('late', '');
  expect((await next.answer).string()).toBe('here');
  next.forget();
});

test('a refusal ends the oldest request on its subject, and the end of the connection all of them', async () => {
  const { other, replies } = await connection();
  other.subscribe('*', { callback: () => {} });
  await other.flush();
  const [first, second, third] = [replies.ask('a', ''), replies.ask('b', ''), replies.ask('b', '')];
  const refusal = new errors.PermissionViolationError('refused', 'publish', 'b');
  replies.refused(new errors.PermissionViolationError('refused', 'subscription', 'a'));
  replies.refused(refusal);
  await expect(second.answer).rejects.toBe(refusal);
  const end = new Error('the connection has ended');
  replies.end(end);
  await expect(first.answer).rejects.toBe(end);
  await expect(third.answer).rejects.toBe(end);
});

test('what a role may not listen to fails what was asked, and is asked for again', async () => {
  const { nc, replies } = await connection(`
    authorization { users = [{ user: a, password: a, permissions: { subscribe: { deny: "_INBOX.>" } } }, { user: o, password: o }] }
    no_auth_user: a`);
  for (let round = 0; round < 2; round++) {
    await expect(replies.ask('asked', '').answer).rejects.toBeInstanceOf(errors.PermissionViolationError);
  }
  expect(nc.isClosed()).toBe(false);
});
