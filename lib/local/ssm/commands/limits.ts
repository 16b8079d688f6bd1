/**
 * A limit of SendCommand as a number of hosts: `3`, or `10%` of them all. How SSM rounds is not documented; here a share is
 * rounded down.
 */
export function limitOf(text: string, hosts: number): number {
  return text.endsWith('%') ? Math.floor((Number(text.slice(0, -1)) / 100) * hosts) : Number(text);
}
