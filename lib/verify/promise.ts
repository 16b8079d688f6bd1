import type { BuiltServer } from './built-server.ts';
import type { RawClient } from './client/raw-client.ts';
import type { ServerProcess, StartOptions } from './server-process.ts';

/** What a case works with. Everything it opens or starts through here is ended after it. */
export interface CaseContext {
  readonly server: BuiltServer;
  /** A running server without members, shared with the cases before and after. */
  readonly process: ServerProcess;
  /** Opens a WebSocket to the running server: `/` or `/publish`. */
  readonly open: (path?: string) => Promise<RawClient>;
  /** Opens a TCP connection to the running server. */
  readonly tcp: () => Promise<RawClient>;
  /** Starts another process of the server and waits until it listens. */
  readonly start: (options?: StartOptions) => Promise<ServerProcess>;
  /** Starts another process on this port and does not wait. */
  readonly launch: (port: number, options?: StartOptions) => ServerProcess;
}

/** One promise that the lab's measurements rest on: docs/contracts.md, "A server". */
export interface ServerPromise {
  /** Unique; what `knownDeviations` in a server.json refers to. */
  readonly name: string;
  /** What a server that keeps the promise does. */
  readonly promise: string;
  /** Fails with what was wrong. */
  readonly check: (context: CaseContext) => Promise<void>;
}
