import { closePayload, opcodes, type FrameToSend } from '../client/frame.ts';
import { frameCase, more, text, type ConformanceCase } from './conformance-case.ts';

const mebibyte = 1024 * 1024;
const protocolError = 'close 1002';
const badText = 'close 1007';
/** A masked header of this opcode whose length is written in these bytes, and two bytes of payload. */
const lengthIn = (opcode: number, bytes: readonly number[]): Buffer =>
  Buffer.from([0x80 | opcode, 0x80 | (bytes[0] ?? 0), ...bytes.slice(1), 0, 0, 0, 0, 0x68, 0x69]);
const crumbs = (count: number, bytes: number): readonly FrameToSend[] =>
  Array.from({ length: count }, (_, index) => ({
    opcode: index === 0 ? opcodes.binary : opcodes.continuation,
    payload: Buffer.alloc(bytes),
    fin: index === count - 1,
  }));

/** Frames that are illegal, odd or too long. */
export const frameCases: readonly ConformanceCase[] = [
  frameCase('unmasked-text', 'unmasked text', '5.1', protocolError, [{ ...text('bare'), masked: false }]),
  frameCase('unmasked-ping', 'an unmasked ping', '5.1', protocolError, [
    { opcode: opcodes.ping, payload: 'bare', masked: false },
  ]),
  frameCase('rsv1-text', 'text with RSV1', '5.2', protocolError, [{ ...text('x'), reserved: 4 }]),
  frameCase('rsv2-text', 'text with RSV2', '5.2', protocolError, [{ ...text('x'), reserved: 2 }]),
  frameCase('rsv1-ping', 'a ping with RSV1', '5.2', protocolError, [{ opcode: opcodes.ping, reserved: 4 }]),
  frameCase('rsv1-continuation', 'a continuation with RSV1', '5.2', protocolError, [
    text('x', false),
    { ...more('y'), reserved: 4 },
  ]),
  frameCase('reserved-data-opcode', 'opcode 3', '5.2', protocolError, [{ opcode: 3 }]),
  frameCase('reserved-control-opcode', 'opcode 11', '5.2', protocolError, [{ opcode: 11 }]),
  frameCase('lone-continuation', 'a continuation of nothing', '5.4', protocolError, [more('x')]),
  frameCase('text-within-text', 'a message begun within another', '5.4', protocolError, [text('x', false), text('y')]),
  frameCase('fragmented-ping', 'a ping in fragments', '5.5', protocolError, [
    { opcode: opcodes.ping, payload: 'x', fin: false },
  ]),
  frameCase('fragmented-close', 'a close in fragments', '5.5', protocolError, [
    { opcode: opcodes.close, payload: closePayload(1000), fin: false },
  ]),
  frameCase('long-ping', 'a ping of 126 B', '5.5', protocolError, [
    { opcode: opcodes.ping, payload: Buffer.alloc(126) },
  ]),
  frameCase('long-close', 'a close of 126 B', '5.5', protocolError, [
    { opcode: opcodes.close, payload: closePayload(1000, 'r'.repeat(124)) },
  ]),
  frameCase('negative-length', 'a length with its highest bit set', '5.2', protocolError, [
    { opcode: opcodes.binary, announcedLength: 1n << 63n },
  ]),
  frameCase('wasteful-16-bit-length', '2 B whose length is in 16 bits', '5.2', 'any', [
    lengthIn(opcodes.binary, [126, 0, 2]),
  ]),
  frameCase('wasteful-64-bit-length', '2 B whose length is in 64 bits', '5.2', 'any', [
    lengthIn(opcodes.binary, [127, 0, 0, 0, 0, 0, 0, 0, 2]),
  ]),
  frameCase('wasteful-ping-length', 'a ping of 2 B whose length is in 16 bits', '5.2', 'any', [
    lengthIn(opcodes.ping, [126, 0, 2]),
  ]),
  frameCase('too-long-frame', 'a frame of 17 MiB', '7.4.1', 'close 1009', [
    { opcode: opcodes.binary, payload: Buffer.alloc(17 * mebibyte) },
  ]),
  frameCase('too-long-message', '17 MiB in fragments', '7.4.1', 'close 1009', crumbs(17, mebibyte)),
  frameCase('empty-fragments', 'a message of 20 000 empty fragments', '5.4', 'echo', crumbs(20_000, 0)),
  frameCase('crumbs', '64 KiB in fragments of 1 B', '5.4', 'echo', crumbs(65_536, 1)),
  frameCase('answered-before', 'a good message, then opcode 3', '7.1.7', 'echo, close 1002', [
    text('before'),
    { opcode: 3 },
  ]),
];

/** Text that is UTF-8, and text that is not. */
export const textCases: readonly ConformanceCase[] = [
  frameCase('utf8-edges', 'the first and last characters of each length', '8.1', 'echo', [
    text(String.fromCodePoint(0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfdd0, 0xffff, 0x10000, 0x10ffff)),
  ]),
  frameCase('utf8-lone-continuation', 'a lone continuation byte', '8.1', badText, [text(Buffer.from([0x80]))]),
  frameCase('utf8-overlong', 'an overlong slash', '8.1', badText, [text(Buffer.from([0xc0, 0xaf]))]),
  frameCase('utf8-surrogate', 'a surrogate', '8.1', badText, [text(Buffer.from([0xed, 0xa0, 0x80]))]),
  frameCase('utf8-too-high', 'a character above U+10FFFF', '8.1', badText, [
    text(Buffer.from([0xf4, 0x90, 0x80, 0x80])),
  ]),
  frameCase('utf8-cut-short', 'a character cut short', '8.1', badText, [text(Buffer.from('€').subarray(0, 2))]),
  frameCase('utf8-cut-in-fragments', 'a character cut short in fragments', '8.1', badText, [
    text(Buffer.from([0xe2]), false),
    more(Buffer.from([0x82])),
  ]),
  frameCase('utf8-late', 'a bad byte after 64 KiB of good ones', '8.1', badText, [
    text(Buffer.concat([Buffer.alloc(65536, 'a'), Buffer.from([0xff])])),
  ]),
];
