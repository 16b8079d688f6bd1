import { monotonicMicros } from '../kernel/clock.ts';
import { pause } from '../kernel/pause.ts';
import type { LoopMeter } from '../measure/loop-meter.ts';
import type { WorkerOrder } from '../supervisor/messages.ts';
import type { Connections } from '../connections/connections.ts';
import { controlDescriptor, readOrders, takeWaitingOrders } from './control-pipe.ts';

// Of the many connections of a big run, most are reset: goodbyes to all of them would take a minute of two processors.
const goodbyeSeconds = 1;
const answerSeconds = 3;
/** A shorter pause would gather less than it costs. */
const shortestPauseMicros = 20;

/** Timed work: does what is due and says when it is next due (monotonic microseconds, Infinity for nothing). */
export type Job = (now: number) => number;

/**
 * A process's whole life: wait for sockets, for orders, and for what is due; do it; again. Node's own event loop never
 * runs. With nothing due and nothing arriving it waits without a time-out, and uses no CPU. Ends after the order
 * `stop` or when the supervisor is gone, having said goodbye to the server.
 *
 * `gatherMicros` says how long arrivals may be left to gather after an iteration, which had some or not: a process that is woken for
 * every message of a broadcast spends more on waking than on reading, and so does the server that wakes it.
 */
export function runLoop(
  connections: Connections,
  meter: LoopMeter,
  jobs: readonly Job[],
  handle: (order: WorkerOrder) => void,
  gatherMicros: (now: number, hadArrivals: boolean) => number = () => 0,
): void {
  let ending = false;
  const handleAll = (orders: readonly WorkerOrder[]): void => {
    for (const order of orders) {
      if (order.type === 'stop') ending = true;
      else handle(order);
    }
  };
  connections.watch(controlDescriptor, () => {
    const orders = readOrders();
    if (orders === null) ending = true;
    else handleAll(orders);
  });
  handleAll(takeWaitingOrders());
  let due = 0;
  let now = monotonicMicros();
  for (;;) {
    const busy = connections.poll(due - now);
    const woke = connections.wokeMicros;
    due = Infinity;
    for (let n = 0; n < jobs.length; n += 1) {
      const next = jobs[n]!(connections.now);
      if (next < due) due = next;
    }
    // What failed may be due again at once, or be the last of a ramp.
    if (connections.attempts.connectBegun()) due = 0;
    now = monotonicMicros();
    if (busy) meter.tookIteration(woke, now);
    if (ending) break;
    const gather = Math.min(gatherMicros(now, busy), due - now);
    if (gather >= shortestPauseMicros) {
      pause(gather);
      now = monotonicMicros();
    }
  }
  sayGoodbye(connections);
}

function sayGoodbye(connections: Connections): void {
  const began = monotonicMicros();
  if (connections.endings.closeAll(began + goodbyeSeconds * 1e6)) {
    const until = began + answerSeconds * 1e6;
    while (connections.endings.closingCount > 0 && monotonicMicros() < until)
      connections.poll(until - monotonicMicros());
  }
  connections.endings.resetAll();
}
