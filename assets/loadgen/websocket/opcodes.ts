/** Frame opcodes of RFC 6455, section 5.2. */
export const continuation = 0x0;
export const text = 0x1;
export const binary = 0x2;
export const closing = 0x8;
export const ping = 0x9;
export const pong = 0xa;
