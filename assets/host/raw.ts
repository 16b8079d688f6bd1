/** What a host writes of itself: the types of its raw files. Readers (lib/results) validate against the same shape. */

/** An EC2 instance, as its metadata service describes it. */
export interface InstanceFacts {
  readonly id: string;
  /** The image that it was launched from. */
  readonly image: string;
  readonly type: string;
  /** Its availability zone, by name. */
  readonly zone: string;
}

/** `facts.json`: the host as it was when the run was prepared. */
export interface HostFacts {
  readonly schema: 1;
  /** The measurement it was prepared for (an execution's id); earlier versions did not write it. */
  readonly run?: string | undefined;
  readonly host: string;
  readonly role: 'server' | 'load';
  readonly unixMillis: number;
  readonly kernel: string;
  readonly osRelease: string;
  readonly cpuModel: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Hard limit of open files of whoever ran Prepare; that of a unit is in its samples. */
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
  /** What the kernel reads time from, such as `tsc` or `xen`; null where it does not tell. Earlier versions did not write it. */
  readonly clockSource: string | null;
  /** Null where the host is no EC2 instance, or an earlier version wrote this. */
  readonly instance: InstanceFacts | null;
}

/** One unit (process) of the lab on a host. */
export interface UnitSample {
  readonly pid: number;
  readonly rssBytes: number;
  /** Memory that belongs to the process alone (RssAnon). */
  readonly anonymousBytes: number;
  /** User and system time since the process began. */
  readonly cpuSeconds: number;
  /** Descriptors open in that one of its processes which has the most; null where the kernel does not tell (before 6.2). */
  readonly openFiles: number | null;
  /** Soft limit of that process; null until it has been read. */
  readonly openFilesLimit: number | null;
  /** How long the first thread of its first process has run or waited for a processor; null where the kernel does not tell. */
  readonly runnableSeconds: number | null;
  /** Whether one of its processes is stopped (SIGSTOP, or a debugger): the kernel's states T and t. */
  readonly stopped: boolean;
}

/** One line of `samples.jsonl`, about one a second. Counters are cumulative since boot (or since the namespace was made). */
export interface HostSample {
  readonly unixMillis: number;
  readonly monotonicMicros: number;
  /** Machine-wide processor seconds, all cores summed. */
  readonly cpu: {
    /** With what the hypervisor kept for other machines. */
    readonly busySeconds: number;
    readonly softirqSeconds: number;
    readonly idleSeconds: number;
    /** What the hypervisor kept; absent in the files of earlier versions. */
    readonly stolenSeconds?: number | undefined;
  };
  /** Machine-wide. */
  readonly memory: {
    readonly availableBytes: number;
    readonly slabUnreclaimableBytes: number;
    readonly slabReclaimableBytes: number;
    readonly swapUsedBytes: number;
    /** Processes that the kernel killed for memory, in control groups too. */
    readonly oomKills: number;
  };
  /** Machine-wide: descriptors open, and fs.file-max. */
  readonly files: { readonly open: number; readonly most: number };
  /** Of this host's network namespace, IPv4 and IPv6 summed. `bufferBytes` is machine-wide. */
  readonly sockets: {
    readonly tcpInUse: number;
    readonly orphans: number;
    readonly timeWait: number;
    readonly bufferBytes: number;
    /** Connections that wait to be accepted, at that listening socket where most do; null where the kernel does not tell. */
    readonly listenQueue: number | null;
  };
  readonly network: {
    readonly receivedBytes: number;
    readonly sentBytes: number;
    readonly receivedPackets: number;
    readonly sentPackets: number;
    readonly dropped: number;
    /** Machine-wide: packets dropped because net.core.netdev_max_backlog was full. */
    readonly backlogDropped: number;
    /** What EC2 dropped or held back at the interfaces, by ENA's own names; null where the driver does not count it. */
    readonly allowanceExceeded: Readonly<Record<string, number>> | null;
  };
  readonly tcp: {
    readonly listenOverflows: number;
    readonly listenDrops: number;
    /** All of them; those of a SYN or of its answer are counted once more by themselves. */
    readonly retransmittedSegments: number;
    readonly retransmittedSyns: number;
    /** What the other end said it had already (DSACK, RFC 2883): sent again for an answer that was late, not for a loss. */
    readonly retransmittedInVain: number;
    readonly resetsSent: number;
    /** Segments dropped because a socket's receive queue or backlog was full. */
    readonly receiveQueueDrops: number;
    /** Times that tcp_mem's pressure threshold was passed, and connections ended for lack of it. */
    readonly memoryPressures: number;
    readonly abortedForMemory: number;
  };
  readonly conntrackEntries: number;
  /** Entries that the table may hold; 0 where there is no connection tracking. */
  readonly conntrackMost: number;
  /** Packets dropped because the table was full or an entry could not be made. */
  readonly conntrackDrops: number;
  /** IPv4 addresses on the load network now. */
  readonly addresses: number;
  /** By unit name: {@link serverUnitPrefix} with a number, `c1m-loadgen` (its processes summed). */
  readonly units: Readonly<Record<string, UnitSample>>;
  /** What sampling itself costs: the sampler's processor seconds since it began. */
  readonly samplerSeconds: number;
}

/** The server's processes are units whose names begin so, numbered from 1; common.sh has it for the host commands. */
export const serverUnitPrefix = 'c1m-server-';

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
