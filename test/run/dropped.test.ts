import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyDropped } from '../../lib/run/faults/dropped.ts';
import { parseHostStatus, type HostStatus } from '../../lib/run/progress.ts';

function statusOf(host: string, load: object | null, more: object = {}): HostStatus {
  const status = parseHostStatus(JSON.stringify({ host, sample: null, load, ...more }));
  assert.ok(status !== null);
  return status;
}

const driving = { phase: 'driving' };
const idle = { phase: 'holding' };

test('a host that has left its part of the workload is told with its cause, from its command while others drive', () => {
  const healthy = [statusOf('server', null), statusOf('load-1', driving), statusOf('load-2', idle)];
  assert.deepEqual(whyDropped(healthy), []);
  const failed = statusOf('load-1', idle, { driveFailed: 137 });
  assert.deepEqual(whyDropped([statusOf('server', null), failed, statusOf('load-2', driving)]), [
    'load-1: the command that drives the workload ended with exit code 137',
  ]);
  const reason = statusOf('load-1', { ...idle, driveFailure: 'publishing failed' }, { driveFailed: 4 });
  assert.deepEqual(whyDropped([reason, statusOf('load-2', driving)]), ['load-1: publishing failed']);
  // All were refused: their step ends, and says with what words.
  assert.deepEqual(whyDropped([failed, statusOf('load-2', idle, { driveFailed: 4 })]), []);
});
