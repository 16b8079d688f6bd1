import * as v from 'valibot';
import { amount, count, countsByCause, flag, text } from './fields.ts';
import { latencySchema } from './latency.ts';

/** What the server answered and sent of its own accord, as the load generator heard it. */
export const answersSchema = v.object({
  failures: v.pipe(
    v.record(v.string(), v.string()),
    v.description(
      'By cause of a failed attempt or a loss: what was wrong with the first such answer or frame; of a redirect its target.',
    ),
  ),
  closes: v.pipe(
    v.array(
      v.object({
        code: count('Close code; 1005 stands for none.'),
        count: count('How often it came.'),
        reason: text('The first reason that came with it, if any.'),
      }),
    ),
    v.description('Close frames on connections that the load generator had not closed, the most frequent first.'),
  ),
  addresses: v.pipe(
    v.array(
      v.object({
        address: text('An address of the server.'),
        opened: count('Connections established to it.'),
        lost: count('Of these lost.'),
        failures: countsByCause('Attempts to it that failed, by cause.'),
      }),
    ),
    v.description('Each address by itself where the server has several; else empty.'),
  ),
  handshakes: v.optional(
    v.nullable(
      v.object({ full: count('TLS handshakes without a session.'), resumed: count('Those that resumed one.') }),
    ),
    null,
  ),
  pushes: v.object({
    messages: count('Messages that were neither echoes nor broadcasts.'),
    bytes: count('Their bytes.'),
    messagesPerSecond: v.nullable(amount('From the first to the last; null for fewer than two.')),
    latency: v.pipe(
      v.nullable(latencySchema),
      v.description('By the time that messages carry (--stamp) until they were read; null without one.'),
    ),
    sharesClock: v.nullable(
      flag(
        'Whether server and load generator have one clock: else the offset of two is in the latency. Null without --stamp.',
      ),
    ),
    unstamped: count('Messages in which --stamp found no time of the last 35 minutes.'),
    ahead: count('Messages with a time that was still to come, which is no latency.'),
  }),
});

/** What the server answered and sent of its own accord. */
export type Answers = v.InferOutput<typeof answersSchema>;
