import type { MemoryPresetName } from '../config/servers.ts';

/** What a person asks of a run; what is left out is planned. */
export interface RunRequest {
  /** Names of servers, in the order asked for. */
  readonly servers: readonly string[];
  /** WebSocket connections of the whole lab. */
  readonly connections: number;
  readonly broadcasts: number;
  readonly intervalSeconds: number;
  /** Echoed messages a second of the whole lab; 0 leaves the echo out. */
  readonly echoRate: number;
  readonly echoSeconds: number;
  /** Connections opened a second by the whole lab. */
  readonly connectRate?: number | undefined;
  readonly memoryPreset?: MemoryPresetName | undefined;
  readonly serverProcesses?: number | undefined;
  /** Load processes on each load host. */
  readonly loadProcesses?: number | undefined;
}
