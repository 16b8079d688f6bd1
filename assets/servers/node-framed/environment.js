import { isIP } from 'node:net';

/** Where to listen, from the variables that the lab sets; an Error says which of them is wrong. */
export function readEnvironment(env) {
  return {
    port: wholeNumber('C1M_PORT', env.C1M_PORT, 65535),
    host: address(env.C1M_ADDRESS || '0.0.0.0'),
    backlog: wholeNumber('C1M_BACKLOG', env.C1M_BACKLOG || '65535', 2 ** 31 - 1),
  };
}

function wholeNumber(name, text = '', last) {
  const number = /^[0-9]{1,10}$/.test(text) ? Number(text) : 0;
  if (number < 1 || number > last) throw new Error(`${name} must be a whole number from 1 to ${last}, got '${text}'`);
  return number;
}

function address(text) {
  if (!isIP(text)) throw new Error(`C1M_ADDRESS must be an IP address, got '${text}'`);
  return text;
}
