import type { Reference } from './schema/run-result.ts';

/** What the article series of 2015 that this lab succeeds reports of netty. It was measured elsewhere and otherwise: shown apart. */
export const articleReference: Reference = {
  name: 'article 2015, netty',
  source: '"C1000K servers" article series, 2015: c3.4xlarge server, two c3.2xlarge load hosts',
  connections: 1_200_000,
  serverMemoryBytes: 15_200_000_000,
  broadcastSeconds: 14,
  caveats: [
    'Memory is what the whole machine used, 12 GB of it a heap of fixed size: not bytes a connection.',
    'Its latency (mean 633 ms, standard deviation 9.6 ms) is one clock minus another, read from stamps taken before each single send: mostly the offset of the clocks, so it is left out here.',
    'The 14 s are the time in which one thread wrote to all connections.',
  ],
};
