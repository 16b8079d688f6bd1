import { maxServerProcesses } from '../config/hosts.ts';
import {
  generatorBytesPerConnection,
  kernelBytesPerConnection,
  plannableShare,
  portsPerAddress,
} from '../config/lab-fit.ts';
import type { ServerDescription } from '../config/servers.ts';

/** A figure that a plan rests on. */
export interface Figure {
  readonly what: string;
  readonly value: string;
  /** `measured` by this project; `documented` by whoever made the thing; `set` by the lab's own configuration; `assumed`. */
  readonly basis: 'measured' | 'documented' | 'set' | 'assumed';
  readonly source: string;
}

/** Connections that one process may hold: fs.nr_open as the lab sets it, less what a process opens beside. */
export const connectionsPerProcess = 2_000_000 - 600;

/** Processor time of the load generator for one connection, seconds: 85 s for 1 202 831, measured. */
export const generatorSecondsPerConnection = 85 / 1_202_831;

/** Processor time of a netty server for one connection until all are open, seconds: 228 s for 1 202 800, measured. */
export const serverSecondsPerConnection = 228 / 1_202_800;

/** Connections opened a second by the whole lab, as a run plans it unless told otherwise. */
export const connectRate = 15_000;

/** Messages a second that one server host is taken to send. */
export const messagesPerSecond = 1_000_000;

/** Bytes of one broadcast message on the wire: 22 of text, 2 of WebSocket, 52 of TCP and IPv4 with time stamps, 18 of Ethernet. */
export const broadcastWireBytes = 22 + 2 + 52 + 18;

/** Raw bytes a host leaves for a second of a run: 38 kB in 35 samples, measured. */
export const rawBytesPerHostSecond = 1_100;

/** Seconds that a measurement takes beside its ramp: build, checks, driving, collecting. */
export const secondsBesideRamp = 300;

/** Every figure of a plan, with where it comes from. */
export function figuresOf(server: ServerDescription): readonly Figure[] {
  const machine = 'on a 2-core, 24 GiB Linux machine, November 2026';
  return [
    {
      what: 'kernel memory of one end of a connection',
      value: `${kernelBytesPerConnection} B`,
      basis: 'measured',
      source: `6.2 kB for both ends, 1 202 831 idle connections ${machine}`,
    },
    {
      what: `${server.name}'s own memory for a connection`,
      value: `${server.expected.bytesPerConnection} B`,
      basis: 'measured',
      source: `server.json: ${server.expected.source}`,
    },
    {
      what: "the load generator's memory for a connection",
      value: `${generatorBytesPerConnection} B`,
      basis: 'measured',
      source: `680 B at 15 000 connections, a prototype of the load generator ${machine}; rounded up`,
    },
    {
      what: 'processor time to open a connection, load host',
      value: `${(generatorSecondsPerConnection * 1e6).toFixed(0)} µs`,
      basis: 'measured',
      source: `85 s for 1 202 831, a prototype of the load generator ${machine}`,
    },
    {
      what: 'processor time to open a connection, server',
      value: `${(serverSecondsPerConnection * 1e6).toFixed(0)} µs`,
      basis: 'measured',
      source: `netty in 62 processes: 228 s for 1 202 800 ${machine}`,
    },
    {
      what: 'raw files of a host',
      value: `${rawBytesPerHostSecond} B/s`,
      basis: 'measured',
      source: 'samples.jsonl of a run of 20 000 connections',
    },
    {
      what: 'connections of one process',
      value: String(connectionsPerProcess),
      basis: 'set',
      source: 'fs.nr_open of the lab (lib/config/host/tuning.ts), less 600 other files',
    },
    {
      what: 'ports of one address to one server port',
      value: String(portsPerAddress),
      basis: 'set',
      source: `1024 to 65535 less ${maxServerProcesses} kept for servers (lib/config/lab-fit.ts)`,
    },
    {
      what: 'connections opened a second by a lab',
      value: String(connectRate),
      basis: 'set',
      source: 'what a run plans at most by itself (lib/run/plan.ts)',
    },
    {
      what: 'interfaces, addresses, vCPUs and memory of instance types',
      value: 'by type',
      basis: 'documented',
      source: 'lib/config/instance-types.ts (EC2, August 2026)',
    },
    {
      what: 'part of the memory that may be planned',
      value: `${plannableShare * 100} %`,
      basis: 'assumed',
      source: 'the rest is for the system, Node and the page cache',
    },
    {
      what: 'memory, measured at 1.2 M, stays in proportion',
      value: 'linear',
      basis: 'assumed',
      source: 'the most that was held is 2 265 270, with prototypes on one machine',
    },
    {
      what: 'messages a second from one server host',
      value: String(messagesPerSecond),
      basis: 'assumed',
      source: 'EC2 publishes no packet rates; only the time of a broadcast depends on it',
    },
  ];
}
