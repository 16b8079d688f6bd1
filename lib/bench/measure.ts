import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';
import type { Workload } from '../../assets/loadgen/workload/phase-kinds.ts';
import type { Contender, OwnReport, RunningContender, Task } from './contenders/contender.ts';
import { piecesOf, type DrivenKind } from './contenders/driven-phases.ts';
import { median } from '../results/statistics/numbers.ts';
import type { Usage } from './process-usage.ts';
import { startReferenceServer, type ReferenceServer } from './reference/reference-server.ts';
import { withTemporaryFolder } from './temporary-folder.ts';
import { until } from './until.ts';

/** One round of one contender; null is what could not be measured. */
export interface Measurement {
  readonly connections: number;
  /** By the server's clock, from its first connection accepted to its last upgrade answered. */
  readonly connectionsPerSecond: number;
  /** From the start of the processes to the last open connection. */
  readonly ramped: Usage;
  /** Processor time a received broadcast message. */
  readonly cpuMicrosAMessage: number | null;
  /** From the first arrival of a broadcast to the last, by the contender's own clock; the median of the broadcasts. */
  readonly firstToLastMicros: number | null;
  /** Processor time a ping that was answered, or a connection that was closed or cut and is back, by the kind of phase. */
  readonly cpuMicrosAPiece: Readonly<{ [kind in DrivenKind]?: number }>;
  /** Processor time used a second while nothing happened. */
  readonly idleCpuMicrosASecond: number;
}

/** What is the same for each round. */
export interface Round {
  readonly connections: number;
  readonly broadcasts: number;
  /** Whether connections are secured; the server's program decides for its side. */
  readonly tls: boolean;
  /** What contenders that can do it do on their connections after the broadcasts. */
  readonly workload: Workload;
  /**
   * From one broadcast to the next, at the least: the same for all contenders, because a broadcast right behind another finds
   * its connections still in the processor's caches.
   */
  readonly paceSeconds: number;
}

const openSeconds = 40;
let rounds = 0;

/** Runs a contender once against a reference server of its own. Fails when it does not open or receive all. */
export async function measure(contender: Contender, serverProgram: string, round: Round): Promise<Measurement> {
  const { connections, broadcasts, tls } = round;
  return withTemporaryFolder(async (folder) => {
    const server = await startReferenceServer(serverProgram);
    try {
      const { port } = server;
      // The port tells it from benchmarks beside this one, the count from this one's other rounds.
      const source = `127.${200 + (rounds++ % 50)}.${port >> 8}.${port & 255}`;
      const task: Task = { port, connections, broadcasts, tls, folder, source };
      const running = await contender.start(task);
      try {
        return await follow(running, server, round);
      } finally {
        await running.kill();
      }
    } finally {
      await server.stop();
    }
  });
}

async function follow(running: RunningContender, server: ReferenceServer, round: Round): Promise<Measurement> {
  const { connections, broadcasts, tls, paceSeconds } = round;
  const allOpen = async (): Promise<boolean> => (await server.members()).open === connections;
  await until(`${connections} connections are open`, allOpen, running.check, openSeconds);
  await running.opened?.();
  const ramped = running.usage();
  const { rampMicros } = await server.members();
  const publisher = await openPublisher(server.port, tls);
  try {
    const before = at(running);
    for (let sent = 1; sent <= broadcasts; sent += 1) {
      const next = pause(sent === broadcasts ? 0 : paceSeconds);
      await publish(publisher, sent - 1, connections);
      if (running.received === undefined) await allRead(server.port, running);
      else await running.received(sent);
      await next;
    }
    const received = at(running);
    // What the last message set off (a report, a collection of garbage) is done after a second.
    await pause(1.2);
    const idleFrom = at(running);
    await pause(1);
    const idleTo = at(running);
    const idleShare = (idleTo.cpuMicros - idleFrom.cpuMicros) / (idleTo.micros - idleFrom.micros);
    // Where only the kernel says that a message was taken, its handling may go on afterwards: that counts until it is idle.
    const cpuMicros =
      running.received === undefined
        ? idleFrom.cpuMicros - before.cpuMicros - idleShare * (idleFrom.micros - before.micros)
        : received.cpuMicros - before.cpuMicros;
    if (!(await allOpen())) throw new Error('connections were lost in the course of the round');
    const cpuMicrosAPiece = await drive(running, round);
    if (!(await allOpen())) throw new Error('connections have not come back');
    const { spreadsMicros } = complete(await running.stop(), broadcasts * connections);
    return {
      connections,
      connectionsPerSecond: (connections * 1e6) / rampMicros,
      ramped,
      cpuMicrosAMessage: broadcasts === 0 ? null : cpuMicros / (broadcasts * connections),
      firstToLastMicros: spreadsMicros === null || broadcasts === 0 ? null : median(spreadsMicros),
      cpuMicrosAPiece,
      idleCpuMicrosASecond: idleShare * 1e6,
    };
  } finally {
    publisher.terminate();
  }
}

async function drive(
  running: RunningContender,
  { workload, connections }: Round,
): Promise<Measurement['cpuMicrosAPiece']> {
  const costs: { [kind in DrivenKind]?: number } = {};
  if (running.drive === undefined || workload.length === 0) return costs;
  const cpuMicros = [at(running).cpuMicros];
  const done = await running.drive(workload, () => cpuMicros.push(at(running).cpuMicros));
  for (const [place, phase] of workload.entries()) {
    const { count } = piecesOf(phase, connections);
    if (done[place] !== count)
      throw new Error(`${done[place]} of ${count} were answered in the phase of ${phase.kind}`);
    costs[phase.kind as DrivenKind] = (cpuMicros[place + 1]! - cpuMicros[place]!) / count;
  }
  return costs;
}

function complete(report: OwnReport, messages: number): OwnReport {
  if (report.messages === null || report.messages === messages) return report;
  throw new Error(`it reports ${report.messages} of ${messages} broadcast messages`);
}

function at(running: RunningContender): { readonly micros: number; readonly cpuMicros: number } {
  return { micros: Number(process.hrtime.bigint() / 1000n), cpuMicros: running.usage().cpuMicros };
}

async function openPublisher(port: number, tls: boolean): Promise<WebSocket> {
  const url = `${tls ? 'wss' : 'ws'}://127.0.0.1:${port}/publish`;
  const publisher = new WebSocket(url, { perMessageDeflate: false, rejectUnauthorized: false });
  await once(publisher, 'open');
  return publisher;
}

/** Publishes one broadcast; resolves when the server has sent it to every member. */
async function publish(publisher: WebSocket, seq: number, members: number): Promise<void> {
  const answered = once(publisher, 'message') as Promise<[Buffer]>;
  publisher.send(`${seq} ${seq}`);
  const answer = String((await answered)[0]);
  const [, sent, failed] = answer.split(' ').map(Number);
  if (sent !== members || failed !== 0) throw new Error(`a broadcast to ${members} members ended with: ${answer}`);
}

/** Resolves when no socket that is connected to the port holds bytes that its program has not read. */
async function allRead(port: number, running: RunningContender): Promise<void> {
  const peer = port.toString(16).toUpperCase().padStart(4, '0');
  // Columns of proc_net_tcp(5): local address, remote address, state, tx_queue:rx_queue.
  const unread = new RegExp(`^ *\\d+: \\S+ [0-9A-F]{8}:${peer} 01 [0-9A-F]{8}:(?!00000000)`, 'm');
  await until('all messages are read', () => !unread.test(readFileSync('/proc/net/tcp', 'utf8')), running.check, 20);
}

async function pause(seconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
