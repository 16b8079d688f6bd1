import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Liveness } from '../../lib/run/faults/liveness.ts';
import { parseHostStatus, type HostStatus } from '../../lib/run/progress.ts';

/** What a host says at a second; `sampled` and `reported` are the seconds of its sample and of its load generator's status. */
function statusOf(
  host: string,
  sampled: number,
  reported: number | null,
  stopped = false,
  commandStopped = false,
): HostStatus {
  const units = { [host === 'server' ? 'c1m-server-1' : 'c1m-loadgen']: { stopped } };
  const sample = { unixMillis: sampled * 1000, units };
  const load = reported === null ? null : { unixMillis: reported * 1000, phase: 'driving' };
  const status = parseHostStatus(JSON.stringify({ host, sample, load, stopped: commandStopped }));
  assert.ok(status !== null);
  return status;
}

function withoutUnits(status: HostStatus): HostStatus {
  return { ...status, sample: status.sample === null ? null : { ...status.sample, units: {} } };
}

/** The first sentence about a silence, and the second in which it came; null when there was none in 40 s. */
function firstSilence(
  look: (second: number) => readonly HostStatus[],
  tookMillis = 100,
): { readonly second: number; readonly sentence: string } | null {
  const liveness = new Liveness(['server', 'load-1'], 10_000);
  for (let second = 0; second < 40; second += 1) {
    const sentence = liveness.look('drive', look(second), second * 1000, tookMillis);
    if (sentence !== null) return { second, sentence };
  }
  return null;
}

describe('who must report has a deadline for the next word', () => {
  test('while all report, nobody is silent, whatever their clocks say', () => {
    assert.equal(
      firstSilence((second) => [statusOf('server', second - 5000, null), statusOf('load-1', second + 90, second + 90)]),
      null,
    );
  });

  for (const [who, pattern, look] of [
    ['a host', /^load-1 does not answer for 10 s$/, (n: number) => [statusOf('server', n, null)]],
    [
      'a sampler',
      /^server: the sampler has taken no sample/,
      (n: number) => [statusOf('server', 3, null), statusOf('load-1', n, n)],
    ],
    [
      'a load generator',
      /^load-1: the load generator has not reported/,
      (n: number) => [statusOf('server', n, null), statusOf('load-1', n, 0)],
    ],
    [
      'a command that is stopped',
      /^load-1: the command of step drive has stood still/,
      (n: number) => [statusOf('server', n, null), statusOf('load-1', n, n, false, true)],
    ],
    [
      'a server that is stopped',
      /^server: the server has stood still/,
      (n: number) => [statusOf('server', n, null, true), statusOf('load-1', n, n)],
    ],
    [
      'a server that has ended',
      /^server: a process of the server has been gone/,
      (n: number) => [
        n < 3 ? statusOf('server', n, null) : withoutUnits(statusOf('server', n, null)),
        statusOf('load-1', n, n),
      ],
    ],
    [
      'a load process that is stopped before it has reported',
      /^load-1: a load process has stood still/,
      (n: number) => [statusOf('server', n, null), statusOf('load-1', n, n, true)],
    ],
  ] as const) {
    test(`${who} that is silent is named within 15 s`, () => {
      const silence = firstSilence(look);
      assert.match(silence?.sentence ?? '', pattern);
      assert.ok((silence?.second ?? 99) <= 15);
    });
  }

  test('where every answer takes seconds the machine is busy, and silence is long only then', () => {
    const frozen = (n: number): readonly HostStatus[] => [
      statusOf('server', n < 12 ? 0 : n, null),
      statusOf('load-1', n, n),
    ];
    assert.notEqual(firstSilence(frozen), null);
    assert.equal(firstSilence(frozen, 5000), null);
  });
});
