import assert from 'node:assert/strict';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import type { WebSocket } from 'ws';
import { summarize } from '../../../assets/loadgen/measure/summary.ts';
import { parseWorkload } from '../../../assets/loadgen/workload/workload.ts';
import { startLoad } from '../held-load.ts';
import { startLabServer } from '../lab-server.ts';
import { until } from '../../until.ts';

test('a drive ends at a restart, clients that lose their connection come back, and the rest goes on', async (context) => {
  const server = await startLabServer(context);
  const load = startLoad(context, [server.port], { connections: 20, processes: 2 });
  await until('all open', () => load.rampEnded);
  const workload = parseWorkload('broadcast times=1 every=0.1s, restart within=20s, broadcast times=2 every=0.1s');
  const first = await load.drive(workload);
  assert.deepEqual(
    first.map(({ kind, counts }) => [kind, counts['received']]),
    [['broadcast', 20]],
  );
  for (const member of server.members) member.terminate();
  const rest = await load.drive(workload, undefined, undefined, 'rest');
  assert.deepEqual(
    rest.map(({ kind, pending, counts }) => [kind, pending, counts]),
    [
      ['restart', 0, { lost: 20, back: 20 }],
      ['broadcast', 0, { published: 2, received: 40 }],
    ],
  );
  assert.deepEqual([load.counts().open, load.counts().lost], [20, {}]);
  assert.deepEqual(await load.drive(workload, undefined, undefined, 'rest'), [], 'there is no more');
  const { phases } = summarize(await load.collectRaws());
  assert.equal(phases.find(({ kind }) => kind === 'restart')?.latencyMicros.count, 20);
});

test('clients come back from other ports than the server may still know, then and in later phases', async (context) => {
  const ports: (number | undefined)[] = [];
  const server = await startLabServer(context, {
    onMember: (member) => ports.push((member as WebSocket & { _socket: Socket })._socket.remotePort),
  });
  const load = startLoad(context, [server.port], { connections: 20, processes: 2 });
  await until('all open', () => load.rampEnded);
  const workload = parseWorkload('restart within=20s, churn rate=100/s for=0.2s');
  await load.drive(workload);
  for (const member of server.members) member.terminate();
  await load.drive(workload, undefined, undefined, 'rest');
  const [planned, back, churned] = [0, 20, 40].map((from) => new Set(ports.slice(from, from + 20)));
  assert.equal(churned?.size, 20);
  assert.notDeepEqual(back, planned);
  assert.notDeepEqual(churned, planned);
});
