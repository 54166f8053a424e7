import { expect, test } from 'vitest';
import { resultIdOf } from '../../../test/support/ids.ts';
import { decodeStarted, encodeStarted } from './started-event.ts';

test('an event has the fields of the fleet in their order, and is read back', () => {
  const event = {
    resultId: resultIdOf('res'),
    requestId: 'req',
    execId: 'exec',
    pcId: 'PC-A',
    startedAtNs: 1_764_041_424_000_000_000n,
    manifestId: 'job',
    version: '1.0.0',
  };
  const body = encodeStarted(event);
  expect(Buffer.from(body).toString()).toBe(
    '{"result_id":"res","request_id":"req","exec_id":"exec","pc_id":"PC-A","started_at":"2025-11-25T03:30:24Z",' +
      '"manifest_id":"job","version":"1.0.0"}',
  );
  expect(decodeStarted(body)).toEqual({ ok: true, event });
  expect(decodeStarted(Buffer.from('{}'))).toEqual({ ok: false, error: 'result_id: expected a string, found nothing' });
});
