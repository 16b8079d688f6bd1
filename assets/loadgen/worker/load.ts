import { endpointsOf } from '../connections/target.ts';
import { countCause } from '../measure/failure-causes.ts';
import { PushLog } from '../measure/push-log.ts';
import { LoopMeter } from '../measure/loop-meter.ts';
import { shareOf } from '../plan/share.ts';
import type { FailureCause, LoadCounts } from '../raw.ts';
import type { WorkerOrder, StartLoad } from '../supervisor/messages.ts';
import type { ConnectionEvents } from '../connections/connection-events.ts';
import { Connections, type ConnectionLayers } from '../connections/connections.ts';
import { report } from './control-pipe.ts';
import { AddressLog } from './address-log.ts';
import { Driving } from './driving.ts';
import { runLoop } from './loop.ts';
import { Ramp } from './ramp.ts';
import { deliverRaw, processFacts } from './raw-file.ts';

const reportMicros = 1_000_000;
/** Attempts under way over all processes of the lab together; what a server's backlog should be able to take. */
const inFlightInAll = 512;
const inFlightLeast = 16;
/**
 * Where many processes share the rate, each of them would be woken for every single attempt and find its code in no cache: on two
 * processors that costs more than the attempt. Together they begin attempts as evenly as ever.
 */
const manyProcesses = 16;
const gatherMicros = 50_000;

/** Runs a load process until it is told to stop. */
export function runLoad(start: StartLoad, layers: ConnectionLayers): void {
  const { plan } = start;
  const share = shareOf(plan, start.process);
  const lost: { [cause in FailureCause]?: number } = {};
  const openOverTime: (readonly [number, number])[] = [];
  const { target } = start;
  const addresses = (target.otherAddresses ?? []).length === 0 ? null : new AddressLog(target);
  const hello = target.hello === undefined ? null : Buffer.from(target.hello);
  let open = 0;
  let mostOpen = 0;
  let reportDue = 0;

  const events: ConnectionEvents = {
    opened(fd, connection) {
      open += 1;
      mostOpen = Math.max(mostOpen, open);
      driving.opened(fd, connection);
      if (ramp.endedMicros === null) ramp.opened(fd);
      addresses?.opened(connections.table.serverPort[fd]!);
      if (hello !== null) connections.sendMessage(fd, hello);
    },
    connectFailed(connection, cause, retryAfterSeconds) {
      addresses?.failed(ramp.endpoints(connection).serverPort, cause);
      if (ramp.endedMicros === null) ramp.failed(connection, cause, retryAfterSeconds);
      else driving.connectFailed(connection, cause, retryAfterSeconds);
    },
    left(fd) {
      driving.left(fd);
    },
    lost(fd, cause) {
      open -= 1;
      if (!driving.expectsLoss) countCause(lost, cause);
      addresses?.lost(connections.table.serverPort[fd]!);
      driving.lost(fd, cause);
    },
    message(fd, _opcode, bytes, from, to, tail) {
      driving.message(fd, bytes, from, to, tail);
    },
    pong(fd, bytes, from, to) {
      driving.pong(fd, bytes, from, to);
    },
  };
  const connections = new Connections(
    { capacity: share.count, first: share.first, target, sources: plan.sources, keys: start.keys, ...layers },
    events,
  );
  const meter = new LoopMeter();
  const processesInAll = plan.hosts * plan.processes;
  const rampGatherMicros = processesInAll >= manyProcesses ? gatherMicros : 0;
  // Over TLS nothing gathers, as its handshake goes on with what comes: it is not asked in vain.
  connections.asksArrivals = rampGatherMicros > 0 && layers.secure === null;
  const ramp = new Ramp(
    connections,
    share,
    endpointsOf(target).length,
    {
      ratePerSecond:
        start.ratePerSecond === null ? null : Math.max(0.001, (start.ratePerSecond * share.count) / plan.connections),
      gatherMicros: rampGatherMicros,
      inFlightMost: Math.max(inFlightLeast, Math.floor(inFlightInAll / processesInAll)),
      handshakeMicros: start.handshakeSeconds * 1e6,
    },
    meter,
  );
  const pushes = new PushLog(target.stamp ?? null);
  const driving = new Driving(plan, {
    pushes,
    connections,
    meter,
    connectionCount: share.count,
    part: { share: share.count / plan.connections, before: share.before / plan.connections },
    endpoints: (connection) => ramp.endpoints(connection),
    sharesLocalPorts: share.sharesLocalPorts,
    handshakeMicros: start.handshakeSeconds * 1e6,
    leave(fd) {
      open -= 1;
      connections.endings.leave(fd);
    },
    cut(fd, silently) {
      open -= 1;
      if (silently) return connections.endings.vanish(fd);
      connections.endings.reset(fd);
      return true;
    },
    open: () => open,
  });

  const counts = (): LoadCounts => ({
    wanted: share.count,
    open,
    established: ramp.established,
    attempts: ramp.attempts,
    connectFailures: ramp.connectFailures,
    abandoned: ramp.abandoned,
    lost,
  });

  const reportOffset = (share.before / plan.connections) * reportMicros;
  let rampEndReported = false;
  /** Reports to the supervisor within a second, changed or not, since its silence means trouble; the end of the ramp and of a phase at once. */
  const reportStatus = (now: number): number => {
    const rampEnded = ramp.endedMicros !== null;
    const urgent = (rampEnded && !rampEndReported) || driving.isOverSuddenly(now);
    if (now < reportDue && !urgent) return reportDue;
    rampEndReported = rampEnded;
    // Each has its own moment in a second: together they would keep the processors from what is due then.
    reportDue = now + reportMicros - ((now - reportOffset) % reportMicros);
    if (open !== openOverTime.at(-1)?.[1]) openOverTime.push([Math.round(now), open]);
    report({
      type: 'status',
      counts: counts(),
      rampEnded,
      broadcastMessages: driving.broadcastMessages,
      driving: driving.report(now),
    });
    return reportDue;
  };

  const handle = (order: WorkerOrder): void => {
    switch (order.type) {
      case 'drive':
        driving.prepare(order.workload);
        return;
      case 'phase':
        driving.begin(order);
        reportDue = 0;
        return;
      case 'phaseEnd':
        driving.end(order.endedMicros);
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
            mostOpen,
          },
          phases: driving.raw(),
          strays: driving.strays(),
          serverWords: connections.serverWords.raw(),
          pushes: pushes.raw(),
          deflate: connections.deflate?.raw(),
          handshakes: connections.handshakes,
          ...(addresses === null ? {} : { addresses: addresses.raw() }),
        }));
        return;
      default:
        // Orders to the publisher, and those that the loop itself handles.
        return;
    }
  };

  const jobs = [(now: number) => ramp.run(now), driving.run, meter.beat, reportStatus];
  runLoop(connections, meter, jobs, handle, (now, had) =>
    ramp.endedMicros === null ? ramp.gatherMicros() : driving.gatherMicros(now, had),
  );
}
