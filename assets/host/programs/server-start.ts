import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readText } from './proc.ts';
import { serverUnitPrefix, type ServerStart } from '../raw.ts';
import { writeCertificate } from './server-certificate.ts';

/** How long all processes of a server may take to listen when its server.json does not say: 62 JVMs on two cores took 21 s. */
const defaultStartSeconds = 180;

interface MemoryPresets {
  readonly name: string;
  readonly startSeconds?: number;
  readonly tls?: boolean;
  readonly deflate?: boolean;
  readonly memoryPresets: Readonly<
    Record<string, { readonly flags: readonly string[]; readonly tlsFlags?: readonly string[] }>
  >;
}

/** The flags of a memory preset as one line, for plain connections or for TLS; throws when the server has no such preset. */
export function flagsOf(server: MemoryPresets, preset: string, isSecure: boolean): string {
  const found = server.memoryPresets[preset];
  if (found === undefined) {
    const known = Object.keys(server.memoryPresets).join(', ');
    throw new Error(`server ${server.name} has no memory preset '${preset}'; it has ${known}`);
  }
  return [...found.flags, ...(isSecure ? (found.tlsFlags ?? []) : [])].join(' ');
}

/** What is between sockets and messages beside frames. */
export interface ServerLayers {
  readonly isSecure: boolean;
  readonly deflates: boolean;
}

/** The environment that tells a server of its layers; its key and certificate are made in a folder. Throws for a server that has not said it can. */
export function layerEnvironment(
  server: Omit<MemoryPresets, 'memoryPresets'>,
  folder: string,
  { isSecure, deflates }: ServerLayers,
): Readonly<Record<string, string>> {
  if (isSecure && server.tls !== true)
    throw new Error(`server ${server.name} does not serve TLS: its server.json does not say tls: true`);
  if (deflates && server.deflate !== true)
    throw new Error(`server ${server.name} does not compress messages: its server.json does not say deflate: true`);
  return { ...(isSecure ? writeCertificate(folder) : {}), ...(deflates ? { C1M_DEFLATE: '1' } : {}) };
}

/** What a server process has printed so far: listening with its version, or nothing yet. */
export function parseListening(output: string): { version: string } | null {
  for (const line of output.split('\n')) {
    if (!line.startsWith('{')) continue;
    try {
      const event = JSON.parse(line) as { event?: unknown; version?: unknown };
      if (event.event === 'listening')
        return { version: typeof event.version === 'string' ? event.version : 'unknown' };
    } catch {
      // A line that is still being written: the next look sees the whole of it.
    }
  }
  return null;
}

function unitProperties(unit: string): ReadonlyMap<string, string> {
  const text = execFileSync('systemctl', ['show', '--property=ActiveState,Result,ExecMainStatus,MainPID', unit], {
    encoding: 'utf8',
  });
  return new Map(text.split('\n').map((line) => [line.split('=')[0] ?? '', line.slice(line.indexOf('=') + 1)]));
}

/** The last lines that a failed process left, for the error. */
function lastWords(folder: string, index: number): string {
  const text = `${readText(join(folder, `server-${index}.err`)) ?? ''}${readText(join(folder, `server-${index}.out`)) ?? ''}`;
  return text.trim().split('\n').slice(0, 5).join(' | ') || 'it printed nothing';
}

async function waitForServers(
  folder: string,
  processes: number,
  firstPort: number,
  startSeconds: number,
): Promise<ServerStart['processes']> {
  const began = Date.now();
  const listening: ServerStart['processes'][number][] = [];
  for (let index = 1; index <= processes; index++) {
    const unit = `${serverUnitPrefix}${index}`;
    let looks = 0;
    for (;;) {
      const found = parseListening(readText(join(folder, `server-${index}.out`)) ?? '');
      if (found !== null) {
        const pid = Number(unitProperties(unit).get('MainPID'));
        listening.push({
          unit,
          port: firstPort + index - 1,
          pid,
          startMillis: Date.now() - began,
          version: found.version,
        });
        break;
      }
      // systemd is asked seldom: it costs more than looking at the file.
      if (looks++ % 10 === 9) {
        const state = unitProperties(unit);
        if (state.get('ActiveState') !== 'active') {
          const how = `${state.get('Result') ?? 'unknown'}, exit status ${state.get('ExecMainStatus') ?? 'unknown'}`;
          throw new Error(
            `server process ${index} of ${processes} ended before it listened (${how}): ${lastWords(folder, index)}`,
          );
        }
      }
      if (Date.now() - began > startSeconds * 1000) {
        throw new Error(
          `server process ${index} of ${processes} does not listen after ${startSeconds} s: ${lastWords(folder, index)}`,
        );
      }
      await pause(20);
    }
  }
  return listening;
}

if (import.meta.main) {
  const [command, ...rest] = process.argv.slice(2);
  try {
    if (command === 'flags') {
      const [file = '', preset = '', tls = ''] = rest;
      const server = JSON.parse(readFileSync(file, 'utf8')) as MemoryPresets;
      process.stdout.write(`${flagsOf(server, preset, tls === 'yes')}\n`);
    } else if (command === 'layers') {
      const [file = '', folder = '', tls = '', deflate = ''] = rest;
      const server = JSON.parse(readFileSync(file, 'utf8')) as MemoryPresets;
      const environment = layerEnvironment(server, folder, { isSecure: tls === 'yes', deflates: deflate === 'yes' });
      for (const [name, value] of Object.entries(environment)) process.stdout.write(`${name}=${value}\n`);
    } else {
      const [file = '', folder = '', memoryPreset = '', flags = '', processes = '0', firstPort = '0'] = rest;
      const { name: server, startSeconds = defaultStartSeconds } = JSON.parse(
        readFileSync(file, 'utf8'),
      ) as MemoryPresets;
      const started = await waitForServers(folder, Number(processes), Number(firstPort), startSeconds);
      const record: ServerStart = { schema: 1, server, memoryPreset, flags, processes: started };
      writeFileSync(join(folder, 'server.json'), `${JSON.stringify(record, null, 1)}\n`);
      process.stdout.write(`${server}: ${started.length} process(es) listen from port ${firstPort} on\n`);
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  }
}
