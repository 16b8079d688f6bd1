import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deflateOffer, whatIsWrongWith } from '../../../assets/loadgen/deflate/extension.ts';

describe('an answer to the offer to compress', () => {
  for (const answer of [
    deflateOffer,
    'permessage-deflate; server_no_context_takeover',
    'Permessage-Deflate;server_no_context_takeover',
    'permessage-deflate; server_max_window_bits=10; server_no_context_takeover',
    'permessage-deflate; server_no_context_takeover; server_max_window_bits="15"',
  ]) {
    test(`may be '${answer}'`, () => assert.equal(whatIsWrongWith(answer), null));
  }

  for (const [answer, cause] of [
    ['', 'unaskedExtension'],
    ['x-webkit-deflate-frame', 'unaskedExtension'],
    [`${deflateOffer}, permessage-bzip2`, 'unaskedExtension'],
    [`${deflateOffer}, ${deflateOffer}`, 'unaskedExtension'],
    ['permessage-deflate', 'deflateContext'],
    ['permessage-deflate; client_no_context_takeover', 'deflateContext'],
    [`${deflateOffer}; client_max_window_bits`, 'deflateAnswer'],
    [`${deflateOffer}; client_max_window_bits=15`, 'deflateAnswer'],
    [`${deflateOffer}; server_max_window_bits`, 'deflateAnswer'],
    [`${deflateOffer}; server_max_window_bits=16`, 'deflateAnswer'],
    [`${deflateOffer}; server_max_window_bits="8`, 'deflateAnswer'],
    [`${deflateOffer}; server_no_context_takeover`, 'deflateAnswer'],
    [`${deflateOffer}; server_no_context_takeover=1`, 'deflateAnswer'],
    [`${deflateOffer};`, 'deflateAnswer'],
    [`${deflateOffer}; more`, 'deflateAnswer'],
  ] as const) {
    test(`is ${cause} when it is '${answer}'`, () => {
      const wrong = whatIsWrongWith(answer);
      assert.equal(wrong?.cause, cause);
      assert.ok(wrong.reason.includes(answer));
    });
  }
});
