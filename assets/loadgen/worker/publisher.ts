import { monotonicMicros } from '../kernel/clock.ts';
import { sendAtOnce } from '../kernel/tcp.ts';
import { backOff, waitAtLeast } from '../plan/retry-waits.ts';
import { countCause, describeCauses, explainCauses, isFinal } from '../measure/failure-causes.ts';
import { Histogram } from '../measure/histogram.ts';
import { LoopMeter } from '../measure/loop-meter.ts';
import type { PublicationRaw } from '../phases/broadcast.ts';
import type { PhaseRawOf } from '../phases/rooms.ts';
import type { FailureCause } from '../raw.ts';
import type { PublishOrder, StartPublisher, WorkerOrder } from '../supervisor/messages.ts';
import type { ConnectionEvents } from '../connections/connection-events.ts';
import { Connections, type ConnectionLayers } from '../connections/connections.ts';
import { shownUrl } from '../websocket/shown-url.ts';
import { report } from './control-pipe.ts';
import { runLoop } from './loop.ts';
import { deliverRaw, processFacts } from './raw-file.ts';

/** How many local ports are tried one after the other before the kernel is asked to choose. */
const localPortsMost = 512;
const handshakeMicros = 10_000_000;
/** All attempts together: a server that is silent for so long takes no broadcasts. */
const connectMicros = 15_000_000;
const reportMicros = 1_000_000;

/** A publication whose answer may still come. */
type Publication = { -readonly [key in keyof PublicationRaw]: PublicationRaw[key] };

/** A phase of broadcasts as it is published. */
type Published = { -readonly [key in keyof PhaseRawOf<'broadcast'>]: PhaseRawOf<'broadcast'>[key] } & {
  readonly publications: Publication[];
};

/**
 * Runs the process that publishes a host's broadcasts, on one connection to each server port, until it is told to stop.
 * It receives nothing but answers, so that a broadcast never leaves late because messages are being read.
 */
export function runPublisher(start: StartPublisher, layers: ConnectionLayers): void {
  const { ports } = start.target;
  const meter = new LoopMeter();
  const failures: { [cause in FailureCause]?: number } = {};
  const phases: Published[] = [];
  const unanswered: Publication[][] = ports.map(() => []);
  const descriptors = ports.map(() => -1);
  const failed = ports.map(() => 0);
  const retries: { readonly due: number; readonly port: number }[] = [];
  let schedule: PublishOrder | null = null;
  let next = 0;
  let localPortsTried = 0;
  let reportDue = 0;
  const began = monotonicMicros();
  const giveUpMicros = began + connectMicros;

  const events: ConnectionEvents = {
    opened(fd, port) {
      descriptors[port] = fd;
      sendAtOnce(fd);
      if (descriptors.every((descriptor) => descriptor >= 0)) report({ type: 'ready' });
    },
    connectFailed(port, cause, retryAfterSeconds) {
      // Where members have every port of the range on some address, the kernel finds none for a connection more, though most pairs of
      // local and server port are free: they are tried from the end of the range, which members come to last.
      if ((cause === 'EADDRINUSE' || cause === 'EADDRNOTAVAIL') && localPortsTried < localPortsMost) {
        retries.push({ due: 0, port });
        return;
      }
      countCause(failures, cause);
      failed[port]! += 1;
      const wait = isFinal(cause) ? null : backOff(failed[port]!);
      const due = monotonicMicros() + waitAtLeast(wait ?? 0, retryAfterSeconds);
      if (wait !== null && due < giveUpMicros) retries.push({ due, port });
      else
        fail(
          `no connection to ${shownUrl(start.target.path)} on port ${ports[port]} (${[describeCauses(failures), ...explainCauses(failures)].join('; ')})`,
        );
    },
    lost(fd, cause) {
      const port = connections.table.connection[fd]!;
      descriptors[port] = -1;
      fail(`the connection to ${shownUrl(start.target.path)} on port ${ports[port]} was lost: ${cause}`);
    },
    message(fd, _opcode, bytes, from, to) {
      const answer = /^sent (\d{1,15}) (\d{1,15}) (\d{1,15})$/.exec(
        Buffer.from(bytes.subarray(from, to)).toString('latin1'),
      );
      const publication = answer === null ? undefined : unanswered[connections.table.connection[fd]!]!.shift();
      if (answer === null || publication === undefined) return;
      publication.answer = {
        members: Number(answer[1]),
        failed: Number(answer[2]),
        elapsedMicros: Number(answer[3]),
      };
      // A phase that is over but for this answer waits for the report.
      reportDue = 0;
    },
  };
  const connections = new Connections(
    { capacity: ports.length, target: start.target, sources: [start.source], keys: start.keys, ...layers },
    events,
  );
  const fail = (reason: string): void => report({ type: 'failed', reason });
  const begin = (port: number): void => {
    const localPort = start.localPorts.last - localPortsTried;
    localPortsTried += 1;
    const isChosen = localPortsTried <= localPortsMost && localPort >= start.localPorts.first;
    connections.attempts.begin(port, port, 0, isChosen ? localPort : 0, isChosen);
  };

  const retry = (now: number): number => {
    const due = retries.filter((each) => each.due <= now);
    for (const each of due) {
      retries.splice(retries.indexOf(each), 1);
      begin(each.port);
    }
    return retries.reduce((earliest, each) => Math.min(earliest, each.due), Infinity);
  };

  /** Ends attempts that take too long. The report runs it every second. */
  const expire = (now: number): number => {
    for (let fd = 0; fd < connections.table.size; fd += 1) {
      if (!connections.table.isOpening(fd)) continue;
      const expires = Math.min(connections.table.beganMicros[fd]! + handshakeMicros, giveUpMicros);
      if (expires <= now) connections.endings.expire(fd);
    }
    return Infinity;
  };

  const publish = (now: number): number => {
    const phase = phases.at(-1);
    if (schedule === null || phase === undefined) return Infinity;
    const due = schedule.firstMicros + next * schedule.stepMicros;
    if (now < due) return due;
    const seq = schedule.seqs[next]!;
    const dueMicros = Math.round(due);
    const message = `${seq} ${dueMicros}`;
    meter.wasDelayed(now - due);
    for (const [port, fd] of descriptors.entries()) {
      if (fd < 0 || !connections.sendText(fd, message, Math.max(message.length, schedule.bytes))) continue;
      const publication = {
        seq,
        port: ports[port]!,
        dueMicros,
        sentMicros: Math.round(monotonicMicros()),
        answer: null,
      };
      phase.publications.push(publication);
      unanswered[port]!.push(publication);
    }
    next += 1;
    if (next === schedule.seqs.length) {
      schedule = null;
      phase.endedMicros = dueMicros;
    }
    reportDue = now;
    return schedule === null ? Infinity : schedule.firstMicros + next * schedule.stepMicros;
  };

  /** Reports to the supervisor after each broadcast and each answer, and once a second in any case, since its silence means trouble. */
  const reportProgress = (now: number): number => {
    if (now < reportDue) return reportDue;
    reportDue = now + reportMicros;
    const owed = unanswered.reduce((total, { length }) => total + length, 0);
    report({ type: 'published', place: phases.at(-1)?.place ?? null, count: next, unanswered: owed });
    return reportDue;
  };

  const readMeter = (): void => {
    const phase = phases.at(-1);
    if (phase !== undefined) Object.assign(phase, meter.phaseMost);
  };

  const handle = (order: WorkerOrder): void => {
    if (order.type === 'publish') {
      schedule = order;
      next = 0;
      readMeter();
      meter.begin(order.firstMicros);
      phases.push({
        kind: 'broadcast',
        place: order.place,
        beganMicros: Math.round(order.firstMicros),
        endedMicros: null,
        maxTurnMicros: 0,
        maxLatenessMicros: 0,
        broadcasts: [],
        publications: [],
      });
    } else if (order.type === 'phaseEnd') {
      schedule = null;
    } else if (order.type === 'collect') {
      readMeter();
      deliverRaw(order.file, () => ({
        ...processFacts(start.host, start.process, meter),
        // Its connections are no members: they count as nobody's wanted ones.
        counts: { wanted: 0, open: 0, established: 0, attempts: 0, connectFailures: {}, abandoned: 0, lost: {} },
        ramp: {
          beganMicros: Math.round(began),
          endedMicros: null,
          connectLatency: new Histogram().encode(),
          openOverTime: [],
        },
        phases,
        strays: [],
        deflate: connections.deflate?.raw(),
      }));
    }
  };

  for (const port of ports.keys()) begin(port);
  runLoop(connections, meter, [expire, retry, publish, reportProgress], handle);
}
