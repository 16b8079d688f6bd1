import { makeKeys } from '../websocket/keys.ts';
import type { LoadOptions } from './load-options.ts';
import { startWorker, type WorkerProcess } from './worker-process.ts';

/** The process that publishes a host's broadcasts. */
export interface Publisher {
  readonly process: WorkerProcess;
  /** Broadcasts of one phase, the latest, that were handed to the server, and what the server has not answered of them yet. */
  published: { readonly place: number | null; readonly count: number; readonly unanswered: number };
  /** It has a connection to every port of the server. */
  ready: boolean;
  /** Why it does not publish; null while it does. */
  failure: string | null;
  /** The process is gone, or silent. */
  hasEnded: boolean;
}

/** Starts it as the process of that number; it connects by itself. */
export function startPublisher(options: LoadOptions, process: number): Publisher {
  const { host, plan, publishTarget } = options;
  const publisher: Publisher = {
    published: { place: null, count: 0, unanswered: 0 },
    failure: null,
    hasEnded: false,
    ready: false,
    process: startWorker(
      {
        type: 'publisher',
        host,
        process,
        target: publishTarget,
        source: plan.sources[0]!,
        localPorts: plan.localPorts,
        keys: makeKeys(),
      },
      (report) => {
        if (report.type === 'ready') publisher.ready = true;
        else if (report.type === 'failed') publisher.failure ??= `publishing failed: ${report.reason}`;
        else if (report.type === 'published') publisher.published = report;
      },
      (how) => {
        publisher.hasEnded = true;
        publisher.failure ??= `the publishing process ${how}`;
      },
    ),
  };
  return publisher;
}
