import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rankServers } from '../../lib/report/rank-servers.ts';
import { LabError } from '../../lib/config/lab-error.ts';
import { readMerged } from '../results/read-merged.ts';
import { runFiles } from '../results/synthetic-run.ts';

describe('servers in the order of a figure', () => {
  const run = (): ReturnType<typeof readMerged> => readMerged(runFiles({ servers: ['undertow', 'netty', 'go'] }));

  test('have the best first, and those without the figure last', async () => {
    const measured = await run();
    assert.deepEqual(
      rankServers(measured, 'memory').servers.map(({ server }) => server),
      ['netty', 'undertow', 'go'],
    );
    const withoutNetty = {
      ...measured,
      servers: measured.servers.map((one) =>
        one.server === 'netty' ? { ...one, figures: { ...one.figures, serverBytesPerConnection: null } } : one,
      ),
    };
    assert.deepEqual(
      rankServers(withoutNetty, 'serverBytesPerConnection').servers.map(({ server }) => server),
      ['undertow', 'go', 'netty'],
    );
  });

  test('of a figure that the run does not have are refused, with those that it has', async () => {
    const measured = await run();
    assert.throws(
      () => rankServers(measured, 'storm.p50'),
      (error) =>
        error instanceof LabError &&
        /no figure 'storm.p50'/.test(error.message) &&
        error.hint.startsWith('choose from memory, connectCpu, echo.p50, ') &&
        !/Micros/.test(error.hint),
    );
  });
});
