/** Every captured message that an agent can meet is one that we can read. Encoders are tested beside their files. */
import { expect, test } from 'vitest';
import { fixtureMessages, fixtureNames, fixtureValue } from '../../../test/fixtures/read.ts';
import { pcIdOf, requestIdOf } from '../../../test/support/ids.ts';
import { parseJson } from './json.ts';
import { classifyCommandSubject, durableName, isKvKey, resultSubject } from './subjects.ts';
import { parseTimestamp } from './timestamp.ts';

/** These hold no messages, but what the server or the API said. */
const WITHOUT_MESSAGES = ['consumer_agent_replay', 'jetstream_streams', 'local_completions', 'local_outbox'];
const withMessages = fixtureNames.filter((name) => !WITHOUT_MESSAGES.includes(name) && !name.startsWith('api_'));

test.each(withMessages)('each payload of %s that begins like JSON is JSON to us', (name) => {
  for (const { payload } of fixtureMessages(name)) {
    if (!/^[[{]/.test(payload)) continue;
    expect(parseJson(Buffer.from(payload))).toMatchObject({ ok: true });
  }
});

test('commands went to subjects that we know, results to those of their requests', () => {
  const targets = fixtureNames
    .filter((name) => name.startsWith('command_'))
    .flatMap((name) => fixtureMessages(name).map(({ subject }) => classifyCommandSubject(subject, 'PC-FIXTURE').to));
  expect(new Set(targets)).toEqual(new Set(['all', 'pc', 'group', 'other']));
  for (const name of fixtureNames.filter((each) => each.startsWith('result_'))) {
    for (const { subject, payload } of fixtureMessages(name)) {
      const { request_id } = JSON.parse(payload) as { request_id: string };
      expect(resultSubject(requestIdOf(request_id))).toBe(subject);
    }
  }
});

test('keys of the buckets are keys to us', () => {
  for (const name of fixtureNames.filter((each) => each.startsWith('kv_'))) {
    for (const { subject } of fixtureMessages(name)) {
      expect(isKvKey(subject.replace(/^\$KV\.\w+\./, ''))).toBe(true);
    }
  }
});

test('the durable consumer of the original has the name that ours takes over', () => {
  expect(fixtureValue('consumer_agent_replay')).toMatchObject({ name: durableName(pcIdOf('PC-FIXTURE')) });
});

test('the completions file of the original holds times that we can read', () => {
  const completions = JSON.parse(fixtureValue('local_completions') as string) as Record<string, string>;
  expect(Object.values(completions).map(parseTimestamp)).toEqual([1_795_548_846_200_112_202n]);
});
