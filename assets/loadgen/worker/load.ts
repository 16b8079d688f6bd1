import { countCause } from '../measure/failure-causes.ts';
import { LoopMeter } from '../measure/loop-meter.ts';
import { shareOf } from '../plan/share.ts';
import type { FailureCause, LoadCounts } from '../raw.ts';
import type { WorkerOrder, StartLoad } from '../supervisor/messages.ts';
import type { MakeSecure } from '../tls/secure-layer.ts';
import { BroadcastLog } from './broadcast-log.ts';
import type { ConnectionEvents } from '../connections/connection-events.ts';
import { Connections } from '../connections/connections.ts';
import { report } from './control-pipe.ts';
import { Echoes } from './echoes.ts';
import { runLoop } from './loop.ts';
import { Ramp } from './ramp.ts';
import { deliverRaw, processFacts } from './raw-file.ts';

const reportMicros = 1_000_000;
/** Attempts under way over all processes of the lab together; what a server's backlog should be able to take. */
const inFlightInAll = 512;
const inFlightLeast = 16;

/** Runs a load process until it is told to stop. */
export function runLoad(start: StartLoad, secure: MakeSecure | null): void {
  const { plan } = start;
  const share = shareOf(plan, start.process);
  const lost: { [cause in FailureCause]?: number } = {};
  const openOverTime: (readonly [number, number])[] = [];
  let open = 0;
  let reportDue = 0;

  const events: ConnectionEvents = {
    opened(fd) {
      open += 1;
      broadcasts.opened(fd);
      ramp.opened(fd);
    },
    connectFailed(connection, cause) {
      ramp.failed(connection, cause);
    },
    lost(fd, cause) {
      open -= 1;
      countCause(lost, cause);
      echoes.lost(fd);
    },
    message(fd, _opcode, bytes, from, to) {
      if (!broadcasts.take(fd, bytes, from, to, connections.now, open)) {
        echoes.take(fd, bytes, from, to, connections.now);
      }
    },
    longMessage() {
      // Nothing that we send is that long: it is not ours to count.
    },
  };
  const connections = new Connections(
    { capacity: share.count, target: start.target, sources: plan.sources, keys: start.keys, secure },
    events,
  );
  const meter = new LoopMeter();
  const broadcasts = new BroadcastLog(connections, plan.hosts);
  const echoes = new Echoes(connections, meter);
  const processesInAll = plan.hosts * plan.processes;
  const ramp = new Ramp(
    connections,
    share,
    start.target.ports.length,
    {
      ratePerSecond:
        start.ratePerSecond === null ? null : Math.max(0.001, (start.ratePerSecond * share.count) / plan.connections),
      inFlightMost: Math.max(inFlightLeast, Math.floor(inFlightInAll / processesInAll)),
      handshakeMicros: start.handshakeSeconds * 1e6,
    },
    meter,
  );

  const counts = (): LoadCounts => ({
    wanted: share.count,
    open,
    established: ramp.established,
    attempts: ramp.attempts,
    connectFailures: ramp.connectFailures,
    abandoned: ramp.abandoned,
    lost,
  });

  let rampEndTold = false;
  let echoDoneTold = true;
  /** Reports to the supervisor once a second, changed or not, since its silence means trouble; the end of the ramp and of the echoes at once. */
  const tell = (now: number): number => {
    const rampEnded = ramp.endedMicros !== null;
    const echoDone = echoes.done(now);
    const urgent = (rampEnded && !rampEndTold) || (echoDone && !echoDoneTold);
    if (now < reportDue && !urgent) return reportDue;
    rampEndTold = rampEnded;
    echoDoneTold = echoDone;
    reportDue = now + reportMicros;
    if (open !== openOverTime.at(-1)?.[1]) openOverTime.push([Math.round(now), open]);
    report({
      type: 'status',
      counts: counts(),
      rampEnded,
      broadcastMessagesReceived: broadcasts.messagesReceived,
      broadcastsPending: broadcasts.pending(),
      lastArrivalMicros: broadcasts.lastArrivalMicros,
      echoesSent: echoes.sent,
      echoesReceived: echoes.received,
      echoDone,
    });
    return reportDue;
  };

  const obey = (order: WorkerOrder): void => {
    switch (order.type) {
      case 'drive':
        meter.driving = true;
        if (order.broadcasts > 0) {
          broadcasts.expect(order.broadcasts, (seq) => seq % order.owners === order.hostIndex);
        }
        if (order.echo !== null) echoes.start(order.echo);
        echoDoneTold = false;
        reportDue = 0;
        return;
      case 'driven':
        meter.driving = false;
        echoes.cancel();
        return;
      case 'collect':
        deliverRaw(order.file, () => ({
          ...processFacts(start.host, start.process, meter),
          counts: counts(),
          ramp: {
            beganMicros: Math.round(ramp.beganMicros),
            endedMicros: ramp.endedMicros,
            connectLatency: ramp.connectLatency.encode(),
            openOverTime,
          },
          broadcasts: broadcasts.raw(open),
          publications: [],
          echo: {
            sent: echoes.sent,
            received: echoes.received,
            wrong: echoes.wrong,
            roundTrip: echoes.roundTrip.encode(),
          },
        }));
        return;
      default:
        // Orders to the publisher, and those that the loop itself obeys.
        return;
    }
  };

  // An echo that waits would be late; messages of a broadcast come by the thousand.
  const gatherMicros = (now: number): number => (echoes.done(now) ? broadcasts.gatherMicros(now) : 0);
  const jobs = [(now: number) => ramp.run(now), (now: number) => echoes.run(now), meter.beat, tell];
  runLoop(connections, meter, jobs, obey, gatherMicros);
}
