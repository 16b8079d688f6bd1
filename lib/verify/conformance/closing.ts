import { closePayload, opcodes, type FrameToSend } from '../client/frame.ts';
import { frameCase, more, observeFrames, text, type ConformanceCase } from './conformance-case.ts';

const protocolError = 'close 1002';
const close = (code: number, reason: string | Buffer = ''): FrameToSend => ({
  opcode: opcodes.close,
  payload: closePayload(code, reason),
});
const pings = (count: number): readonly FrameToSend[] =>
  Array.from({ length: count }, (_, index) => ({ opcode: opcodes.ping, payload: `ping ${index}` }));

/** Closing, with codes and reasons that may and may not be sent. */
export const closingCases: readonly ConformanceCase[] = [
  frameCase('close-empty', 'a close without a code', '5.5.1', 'close without a code', [{ opcode: opcodes.close }]),
  ...[1000, 1001, 3000, 4999].map((code) =>
    frameCase(`close-${code}`, `code ${code}`, '7.4', `close ${code}`, [close(code, 'enough')]),
  ),
  ...[999, 1004, 1005, 1006, 1015, 2000].map((code) =>
    frameCase(`close-${code}`, `code ${code}`, '7.4', protocolError, [close(code)]),
  ),
  ...[5000, 65535].map((code) => frameCase(`close-${code}`, `code ${code}`, '7.4', 'any', [close(code)])),
  frameCase('close-longest-reason', 'a reason of 123 B', '5.5.1', 'close 1000', [close(1000, 'r'.repeat(123))]),
  frameCase('close-of-one-byte', 'a close of one byte', '5.5.1', protocolError, [
    { opcode: opcodes.close, payload: Buffer.from([3]) },
  ]),
  frameCase('close-reason-not-utf8', 'a reason that is no UTF-8', '5.5.1', 'close 1007', [
    close(1000, Buffer.from('ceff', 'hex')),
  ]),
  frameCase('close-reason-cut-short', 'a reason that ends within a character', '5.5.1', 'close 1007', [
    close(1000, Buffer.from('6162e282', 'hex')),
  ]),
  frameCase('message-before-close', 'a message, then a close', '5.5.1', 'echo, close 1000', [
    text('before'),
    close(1000),
  ]),
  frameCase('ping-after-close', 'a close, then a ping and a message', '5.5.1', 'close 1000', [
    close(1000),
    { opcode: opcodes.ping, payload: 'after' },
    text('after'),
  ]),
];

/** Pings and pongs, one and many. */
export const controlCases: readonly ConformanceCase[] = [
  frameCase('ping-empty', 'an empty ping', '5.5.2', 'pong', [{ opcode: opcodes.ping }]),
  frameCase('ping-longest', 'a ping of 125 B', '5.5.2', 'pong', [{ opcode: opcodes.ping, payload: Buffer.alloc(125) }]),
  frameCase('pong-unasked', 'a pong that answers nothing', '5.5.3', 'ignored', [
    { opcode: opcodes.pong, payload: 'unasked' },
  ]),
  frameCase('ping-within-message', 'a ping between two fragments', '5.4', 'pong, echo', [
    text('before ', false),
    { opcode: opcodes.ping, payload: 'between' },
    more('after'),
  ]),
  ...[50, 1000].map((count): ConformanceCase => ({
    name: `pings-${count}`,
    what: `${count} pings at once`,
    section: 'RFC 6455, 5.5.3',
    asks: 'all pongs',
    observe: async (port) =>
      (await observeFrames(port, pings(count))).replace(/(\d+) pongs/, (_, pongs) =>
        Number(pongs) === count ? 'all pongs' : 'some pongs',
      ),
  })),
];
