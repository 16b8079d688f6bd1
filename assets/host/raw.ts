/** What a host writes of itself: the types of its raw files. Readers (lib/results) validate against the same shape. */

/** `facts.json`: the host as it was when the run was prepared. */
export interface HostFacts {
  readonly schema: 1;
  readonly host: string;
  readonly role: 'server' | 'load';
  readonly unixMillis: number;
  readonly kernel: string;
  readonly osRelease: string;
  readonly cpuModel: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Hard limit of open files for what runs as a unit. */
  readonly openFilesLimit: number;
  readonly fileMax: number;
  /** Addresses on the load network. */
  readonly addresses: readonly string[];
  /** Every tuned sysctl: what was asked for and what is in force (null: not visible from here). */
  readonly sysctls: readonly {
    readonly key: string;
    readonly operator: 'set' | 'atleast';
    readonly wanted: string;
    readonly actual: string | null;
    readonly ok: boolean;
  }[];
  /** Names of modules or settings that distort the measurement, such as an active nf_conntrack; empty when clean. */
  readonly warnings: readonly string[];
  /** Versions of what runs: `node`, `java`, … as they print them. */
  readonly versions: Readonly<Record<string, string>>;
}

/** One unit (process) of the lab on a host. */
export interface UnitSample {
  readonly pid: number;
  readonly rssBytes: number;
  /** Memory that belongs to the process alone (RssAnon). */
  readonly anonymousBytes: number;
  /** User and system time since the process began. */
  readonly cpuSeconds: number;
}

/** One line of `samples.jsonl`, about one a second. Counters are cumulative since boot (or since the namespace was made). */
export interface HostSample {
  readonly unixMillis: number;
  readonly monotonicMicros: number;
  /** Machine-wide processor seconds, all cores summed. */
  readonly cpu: { readonly busySeconds: number; readonly softirqSeconds: number; readonly idleSeconds: number };
  /** Machine-wide. */
  readonly memory: {
    readonly availableBytes: number;
    readonly slabUnreclaimableBytes: number;
    readonly slabReclaimableBytes: number;
    readonly swapUsedBytes: number;
  };
  /** Of this host's network namespace, IPv4 and IPv6 summed. `bufferBytes` is machine-wide. */
  readonly sockets: {
    readonly tcpInUse: number;
    readonly orphans: number;
    readonly timeWait: number;
    readonly bufferBytes: number;
  };
  readonly network: {
    readonly receivedBytes: number;
    readonly sentBytes: number;
    readonly receivedPackets: number;
    readonly sentPackets: number;
    readonly dropped: number;
  };
  readonly tcp: {
    readonly listenOverflows: number;
    readonly listenDrops: number;
    readonly retransmittedSegments: number;
    readonly resetsSent: number;
  };
  readonly conntrackEntries: number;
  /** IPv4 addresses on the load network now. */
  readonly addresses: number;
  /** By unit name, such as `c1m-server-1`, `c1m-loadgen` (its processes summed). */
  readonly units: Readonly<Record<string, UnitSample>>;
}

/** `server.json` in a run's folder: what Start did. */
export interface ServerStart {
  readonly schema: 1;
  readonly server: string;
  readonly memoryPreset: string;
  readonly flags: string;
  readonly processes: readonly {
    readonly unit: string;
    readonly port: number;
    readonly pid: number;
    readonly startMillis: number;
    readonly version: string;
  }[];
}
