import { expect, test } from 'vitest';
import { fixtureMessages } from '../../../test/fixtures/read.ts';
import { decodeLogsRequest } from './logs-request.ts';

test('the captured request asks for three lines', () => {
  const request = fixtureMessages('logs_fetch').find(({ subject }) => subject.startsWith('logs.fetch.'));
  expect(decodeLogsRequest(Buffer.from(request?.payload ?? ''))).toEqual({ tailLines: 3 });
});

test.each([
  ['{"tail_lines":0}', 0],
  ['{"tail_lines":4294967295}', 4_294_967_295],
  ['{"tail_lines":4294967296}', 500],
  ['{"tail_lines":-1}', 500],
  ['{"tail_lines":1e3}', 500],
  ['{"tail_lines":"5"}', 500],
  ['{"tail_lines":null}', 500],
  ['{"tail_lines":1,"tail_lines":2}', 500],
  ['{}', 500],
  ['[]', 500],
  ['', 500],
])('%j asks for %i lines', (body, tailLines) => {
  expect(decodeLogsRequest(Buffer.from(body))).toEqual({ tailLines });
});
