/** What is offered: no window is kept between messages, so that a connection costs no memory for it. */
export const deflateOffer = 'permessage-deflate; client_no_context_takeover; server_no_context_takeover';

/** Why a connection could not be compressed as offered, or was lost by what it sent compressed. */
export type DeflateFailureCause = 'deflateAnswer' | 'deflateContext' | 'deflateData' | 'deflateTooLong';

/** What each cause means and what to do about it, for people. */
export const deflateFailureTexts: Readonly<Record<DeflateFailureCause, string>> = {
  deflateAnswer: 'the server answered --deflate with something that the offer does not allow',
  deflateContext:
    'the server keeps its window between messages though asked not to: let it allow server_no_context_takeover, or leave --deflate out',
  deflateData: 'the server sent a message that cannot be inflated',
  deflateTooLong:
    'the server sent a message of more than 16 MiB inflated or 2 MiB compressed (or 64 MiB of unfinished ones in all)',
};

/** What is wrong with an answer, by name and in words. */
interface BadAnswer {
  readonly cause: DeflateFailureCause | 'unaskedExtension';
  readonly reason: string;
}

// RFC 7692, section 7.1: a size may be quoted. client_max_window_bits may only answer an offer that has it.
const allowedParameter = /^((server|client)_no_context_takeover|server_max_window_bits ?= ?("?)([89]|1[0-5])\3)$/;

/** What is wrong with the answer to {@link deflateOffer} (RFC 7692, section 7.1); null when nothing is. */
export function whatIsWrongWith(answer: string): BadAnswer | null {
  const [name = '', ...parameters] = answer.split(';').map((part) => part.trim());
  const told = `the answer '${answer}'`;
  if (answer.includes(',')) return { cause: 'unaskedExtension', reason: `${told} has more than was offered` };
  if (name.toLowerCase() !== 'permessage-deflate') {
    return { cause: 'unaskedExtension', reason: `the extension '${answer}' was not offered` };
  }
  const wrong = parameters.find((each, n) => !allowedParameter.test(each) || parameters.indexOf(each) < n);
  if (wrong !== undefined) {
    return { cause: 'deflateAnswer', reason: `${told} has '${wrong}', which the offer does not allow` };
  }
  if (parameters.includes('server_no_context_takeover')) return null;
  return { cause: 'deflateContext', reason: `${told} lacks server_no_context_takeover` };
}
