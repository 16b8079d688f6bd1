import * as v from 'valibot';
import { count, text } from './fields.ts';

const compressionSchema = v.object({
  messages: count('Messages that were compressed.'),
  wireBytes: count('Bytes of their payloads, compressed.'),
  bytes: count('The same inflated.'),
  micros: count('Processor time that this took the load processes, microseconds: a part of all that they used.'),
});

/** What permessage-deflate came to, in the load processes; the same in raw files and in the result. */
export const deflateSchema = v.object({
  offered: text('The extension as it was offered.'),
  answered: v.nullable(text('The first answer that accepted it; null when none did, and nothing was compressed.')),
  accepted: count('Connections that accepted it, ever.'),
  declined: count('Connections that declined it, ever.'),
  received: compressionSchema,
  sent: compressionSchema,
});
