/** A load process (or the publisher): told what to be by the first line on its control pipe. Started by the supervisor. */
import { readFirstOrder } from './control-pipe.ts';
import { runLoad } from './load.ts';
import { runPublisher } from './publisher.ts';

const start = readFirstOrder();
if (start?.type === 'load') runLoad(start);
else if (start?.type === 'publisher') runPublisher(start);
// The descriptors of many connections are the kernel's to close; nothing else is left to do.
process.exit(0);
