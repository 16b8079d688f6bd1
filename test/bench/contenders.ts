import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { summarize } from '../../assets/loadgen/measure/summary.ts';
import type { LoadProcessRaw } from '../../assets/loadgen/raw.ts';
import { Supervisor } from '../../assets/loadgen/supervisor/supervisor.ts';
import { usageOf, type Usage } from './process-usage.ts';

/** One run of one contender. */
export interface Measurement {
  readonly connectionsPerSecond: number;
  /** From the start of the process to the last open connection. */
  readonly ramped: Usage;
  /** Processor time a received broadcast message. */
  readonly cpuMicrosAMessage: number;
  /** From the first arrival of a broadcast to the last; the median of the broadcasts. */
  readonly firstToLastMicros: number;
  /** Processor time used while nothing happened. */
  readonly idleCpuMicrosASecond: number;
}

/** What a contender is to do. */
export interface Task {
  readonly port: number;
  readonly connections: number;
  readonly source: string;
  readonly broadcasts: number;
  readonly idleSeconds: number;
}

const firstLocalPort = 20_000;
const inFlight = 256;

/** Starts the reference server; resolves when it listens. */
export async function startServer(program: string, port: number): Promise<ChildProcess> {
  const server = spawn(program, [String(port)], { stdio: ['pipe', 'pipe', 'inherit'] });
  await Promise.race([
    once(server.stdout, 'data'),
    once(server, 'exit').then(() => {
      throw new Error(`the reference server could not listen on port ${port}`);
    }),
  ]);
  return server;
}

/** Ends a process that ends with its standard input. */
export async function endInput(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const exited = once(child, 'exit');
  child.stdin?.end();
  await exited;
}

/** The client in C. */
export async function runReference(program: string, task: Task): Promise<Measurement> {
  const child = spawn(
    program,
    ['127.0.0.1', task.port, task.connections, task.source, firstLocalPort, inFlight].map(String),
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  const lines = lineReader(child);
  const [, opened, rampMicros] = (await lines()).split(' ').map(Number);
  if (opened !== task.connections) throw new Error(`the reference opened ${opened} of ${task.connections}`);
  const ramped = usageOf(child.pid!);
  const spreads: number[] = [];
  const publisher = await openPublisher(task.port);
  const before = usageOf(child.pid!).cpuMicros;
  for (let seq = 0; seq < task.broadcasts; seq += 1) {
    publisher.send(`${seq} ${seq}`);
    spreads.push(Number((await lines()).split(' ')[2]));
  }
  const cpuMicrosAMessage = (usageOf(child.pid!).cpuMicros - before) / (task.broadcasts * task.connections);
  const idleCpuMicrosASecond = await idle(child.pid!, task.idleSeconds);
  publisher.close();
  await endInput(child);
  return {
    connectionsPerSecond: (opened * 1e6) / rampMicros!,
    ramped,
    cpuMicrosAMessage,
    firstToLastMicros: median(spreads),
    idleCpuMicrosASecond,
  };
}

/** The load generator, one load process. */
export async function runLoadGenerator(task: Task): Promise<Measurement> {
  const supervisor = new Supervisor({
    host: 'bench',
    plan: {
      connections: task.connections,
      hosts: 1,
      hostIndex: 0,
      processes: 1,
      serverPorts: [task.port],
      sources: [task.source],
      localPorts: { first: firstLocalPort, last: firstLocalPort + task.connections + 1000 },
    },
    target: { address: '127.0.0.1', ports: [task.port], path: '/' },
    publishPath: '/publish',
    ratePerSecond: null,
    handshakeSeconds: 20,
  });
  try {
    const received = (): number => supervisor.status().broadcastMessagesReceived;
    const check = (): void => {
      if (supervisor.failure !== null) throw new Error(supervisor.failure);
    };
    await until(() => supervisor.rampEnded, check);
    const pid = supervisor.processIds[0]!;
    const ramped = usageOf(pid);
    const publisher = await openPublisher(task.port);
    const before = usageOf(pid).cpuMicros;
    for (let seq = 0; seq < task.broadcasts; seq += 1) {
      publisher.send(`${seq} ${seq}`);
      await until(() => received() === (seq + 1) * task.connections, check);
    }
    const cpuMicrosAMessage = (usageOf(pid).cpuMicros - before) / (task.broadcasts * task.connections);
    const idleCpuMicrosASecond = await idle(pid, task.idleSeconds);
    publisher.close();
    const { established, connectionsPerSecond, broadcasts } = summarize(await collect(supervisor));
    if (established !== task.connections) throw new Error(`${established} of ${task.connections} opened`);
    return {
      connectionsPerSecond: connectionsPerSecond ?? 0,
      ramped,
      cpuMicrosAMessage,
      firstToLastMicros: median(broadcasts.map(({ spreadMicros }) => spreadMicros ?? 0)),
      idleCpuMicrosASecond,
    };
  } finally {
    await supervisor.stop();
  }
}

async function collect(supervisor: Supervisor): Promise<readonly LoadProcessRaw[]> {
  const folder = mkdtempSync(join(tmpdir(), 'c1m-bench-'));
  try {
    const files = await supervisor.collect(folder);
    return files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as LoadProcessRaw);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function openPublisher(port: number): Promise<WebSocket> {
  const publisher = new WebSocket(`ws://127.0.0.1:${port}/publish`, { perMessageDeflate: false });
  await once(publisher, 'open');
  return publisher;
}

async function idle(pid: number, seconds: number): Promise<number> {
  // What the last message set off (a report to the supervisor) is done after a second.
  await new Promise((resolve) => setTimeout(resolve, 1200));
  const before = usageOf(pid).cpuMicros;
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  return (usageOf(pid).cpuMicros - before) / seconds;
}

async function until(condition: () => boolean, check: () => void): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!condition()) {
    check();
    if (Date.now() > deadline) throw new Error('the load generator did not get there within a minute');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function lineReader(child: ChildProcess): () => Promise<string> {
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  let rest = '';
  child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
    const parts = (rest + piece).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) {
      const next = waiting.shift();
      if (next === undefined) lines.push(line);
      else next(line);
    }
  });
  return async () =>
    new Promise((resolve, reject) => {
      const line = lines.shift();
      if (line !== undefined) {
        resolve(line);
        return;
      }
      waiting.push(resolve);
      child.once('exit', (code) => reject(new Error(`the reference client ended with exit code ${code}`)));
    });
}

/** The middle one, or the lower of the two in the middle. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;
}
