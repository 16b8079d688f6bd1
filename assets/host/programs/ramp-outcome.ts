import { readText } from './proc.ts';
import type { LoadStatus } from '../../loadgen/raw.ts';

if (import.meta.main) {
  const [statusFile = '', logFile = ''] = process.argv.slice(2);
  const text = readText(statusFile);
  const status = text === null ? null : (JSON.parse(text) as LoadStatus);
  if (status === null || status.phase !== 'holding') {
    const log = (readText(logFile) ?? '').trim().split('\n').slice(-3).join(' | ');
    process.stderr.write(`the load generator failed: ${status?.reason ?? (log || 'it ended without a word')}\n`);
    process.exitCode = 1;
  } else {
    const { open, wanted, established, connectFailures } = status.counts;
    const failures = Object.entries(connectFailures).map(([cause, count]) => `${count} ${cause}`);
    process.stdout.write(
      `${open} of ${wanted} connections open${failures.length > 0 ? `; failed attempts: ${failures.join(', ')}` : ''}\n`,
    );
    // Fewer than asked for is a result; none at all leaves nothing to measure.
    if (open === 0 && wanted > 0) {
      const lost = Object.entries(status.counts.lost).map(([cause, count]) => `${count} ${cause}`);
      process.stderr.write(
        established > 0
          ? `no connection is open any more: all ${established} that were opened have been lost (${lost.join(', ')})\n`
          : `no connection could be opened: ${status.reason ?? failures.join(', ')}\n`,
      );
      process.exitCode = 1;
    }
  }
}
