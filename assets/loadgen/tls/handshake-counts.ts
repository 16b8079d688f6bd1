/** How many handshakes were full ones, and how many resumed a session. */
export interface HandshakeCounts {
  readonly full: number;
  readonly resumed: number;
}

/** Adds what several processes counted; null where none did. */
export function addHandshakes(all: readonly HandshakeCounts[]): HandshakeCounts | null {
  const sum = (of: (one: HandshakeCounts) => number): number => all.reduce((total, one) => total + of(one), 0);
  return all.length === 0 ? null : { full: sum(({ full }) => full), resumed: sum(({ resumed }) => resumed) };
}
