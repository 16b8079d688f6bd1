import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { changedSamples } from '../read-merged.ts';
import { type Files, plain, apart, serverSamples, loadSamples, measured, wallIn, grow } from './measured.ts';

describe('lost packets', () => {
  test('are found from retransmissions', async () => {
    const files = changedSamples(
      plain(),
      serverSamples,
      grow(5_000, (sample, by) => ({ ...sample, tcp: { ...sample.tcp, retransmittedSegments: by } })),
    );
    assert.match(wallIn(await measured(files), 'retransmissions').evidence, /5000 segments/);
  });

  test('are not what a full listen queue made its clients send again', async () => {
    const files = changedSamples(
      plain(),
      serverSamples,
      grow(900, (sample, by) => ({
        ...sample,
        tcp: {
          ...sample.tcp,
          listenOverflows: by,
          listenDrops: by,
          retransmittedSegments: by * 2,
          retransmittedSyns: by,
        },
      })),
    );
    const { walls } = (await measured(files)).verdict;
    assert.deepEqual(
      walls.map(({ wall }) => wall),
      ['listenQueue'],
    );
  });

  test('are not what was sent again because an answer was late', async () => {
    const late = (inVain: number): Files =>
      changedSamples(
        plain(),
        loadSamples,
        grow(5_000, (sample, by) => ({
          ...sample,
          tcp: { ...sample.tcp, retransmittedSegments: by, retransmittedInVain: Math.round(by * inVain) },
        })),
      );
    assert.deepEqual((await measured(late(0.99))).verdict.walls, []);
    assert.match(
      wallIn(await measured(late(0.5)), 'retransmissions').evidence,
      /5000 segments.* 2500 for an answer that was only late/,
    );
  });

  test('are found from the allowances of an EC2 instance, and are said to be invisible without them', async () => {
    const files = changedSamples(apart(), serverSamples, (sample, place) => ({
      ...sample,
      network: {
        ...sample.network,
        allowanceExceeded: { pps_allowance_exceeded: 5 + place * 70, conntrack_allowance_exceeded: 3 },
      },
    }));
    const { walls } = (await measured(files)).verdict;
    assert.deepEqual(
      walls.map(({ wall, effect }) => [wall, effect]),
      [
        ['packetsDropped', 'slowed'],
        ['packetsDropped', 'noted'],
      ],
    );
    assert.match(walls[0]?.evidence ?? '', /70 pps_allowance_exceeded/);
    assert.match(walls[1]?.evidence ?? '', /not visible on load-1, load-2/);
  });

  test('are found from drops at an interface', async () => {
    const files = changedSamples(
      plain(),
      loadSamples,
      grow(300, (sample, by) => ({ ...sample, network: { ...sample.network, dropped: by } })),
    );
    assert.match(wallIn(await measured(files), 'packetsDropped').evidence, /300 packets/);
  });
});
