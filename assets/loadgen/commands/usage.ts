import { workloadHelp } from '../workload/describe-kinds.ts';
import type { OptionDescription } from './options.ts';
import { urlOptionTable } from './url/url-target.ts';

/** Where the texts of options begin. */
const textColumn = 27;

/** What --help prints. */
export function usage(): string {
  return `Opens WebSocket connections by the thousand, holds them, and measures what the server does.

  loadgen --url ws://host:port/path --connections N [options]      (or wss://; numbers may be such as 50k or 1.2M)

  --sources IP,IP          source addresses (one gives about 28 000 connections to a port); default: any
  --local-ports FIRST-LAST local ports to use; default: net.ipv4.ip_local_port_range
  --processes K            load processes; default: as many as the limit of open files asks for
  --rate R                 connections begun a second; default: as fast as the server takes them
  --hold S                 seconds to hold the connections; default 10
  --workload W             what happens then: a preset, a file, or phases separated by commas (below); default: nothing
  --broadcasts K           publish K messages on /publish (with --interval-seconds S, default 1) and time their arrival
  --echo-rate R            messages a second, sent to the connections in turn and expected back unchanged,
                           for --echo-seconds S (default: as long as --hold)
${urlOptionLines()}
  --run-folder DIR         write raw files there (made where it is missing) after the ramp and each phase, as a host of the lab does
  --host NAME              this host's name in them; default: its own
  --json                   print the result as JSON on standard output, and progress on standard error

Exit codes: 0 all connections were opened and held and every message arrived, 1 a defect, 2 usage, 3 environment, 4 the run failed,
5 not all connections were open at the end, 6 messages are missing or wrong, 10 the load generator was late, 130 interrupted. What was measured is printed in every case.

${workloadHelp()}
Driven by the lab's hosts (docs/contracts.md): loadgen hold, loadgen drive, loadgen collect.
`;
}

function urlOptionLines(): string {
  return Object.entries<OptionDescription>(urlOptionTable)
    .map(
      ([name, { placeholder, about }]) => `${`  --${name} ${placeholder}`.trimEnd().padEnd(textColumn - 1)} ${about}`,
    )
    .join('\n');
}
