/** A load process (or the publisher): told what to be by the first line on its control pipe. Started by the supervisor. */
import { readFirstOrder } from './control-pipe.ts';
import { runLoad } from './load.ts';
import { runPublisher } from './publisher.ts';

const start = readFirstOrder();
const target = start?.type === 'load' || start?.type === 'publisher' ? start.target : undefined;
const tls = target?.tls;
// Loaded where it is needed only: it would take a plain load process longer to start.
const secure = tls === undefined ? null : (await import('../tls/secure-layer.ts')).secureWith(tls);
const makeDeflate = target?.deflate === true ? (await import('../deflate/deflate-layer.ts')).makeDeflateLayer : null;
if (start?.type === 'load') runLoad(start, { secure, makeDeflate });
else if (start?.type === 'publisher') runPublisher(start, { secure, makeDeflate });
// The descriptors of many connections are the kernel's to close; nothing else is left to do.
process.exit(0);
