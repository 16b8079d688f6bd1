import assert from 'node:assert/strict';
import { test } from 'node:test';
import { failureAdvice } from '../../../assets/loadgen/measure/failure-advice.ts';

test('advice is about the most frequent cause, and not about attempts that were made again with success', () => {
  const lost = { protocolError: 4 };
  assert.match(failureAdvice({ connectFailures: { EADDRINUSE: 2 }, lost, abandoned: 0 }) ?? '', /RFC 6455/);
  assert.match(failureAdvice({ connectFailures: { EADDRINUSE: 2 }, lost, abandoned: 1 }) ?? '', /--local-ports/);
  const connectFailures = { EADDRINUSE: 2, other: 30, http401: 3 };
  assert.match(failureAdvice({ connectFailures, lost: {}, abandoned: 3 }) ?? '', /user:password/);
  assert.match(failureAdvice({ connectFailures: { httpOther: 1 }, lost: {}, abandoned: 1 }) ?? '', /it answers so/);
  assert.equal(failureAdvice({ connectFailures: {}, lost: {}, abandoned: 0 }), undefined);
});
