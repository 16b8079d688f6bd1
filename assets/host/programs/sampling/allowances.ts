import { execFile } from 'node:child_process';
import { networkInterfaces } from 'node:os';

/** How often `ethtool` is asked: starting a program every second would be the most of what sampling costs. */
const periodMillis = 5000;

/** Counters of `ethtool -S` that end in `_allowance_exceeded`, by name; empty where the driver has none. */
export function parseAllowances(text: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...text.matchAll(/^\s*(\w+_allowance_exceeded): (\d+)$/gm)].map((match) => [match[1] ?? '', Number(match[2])]),
  );
}

/**
 * What EC2 dropped or delayed at this host's interfaces because an allowance of the instance was used up (bandwidth, packets, tracked
 * connections), summed. Only the ENA driver of Nitro instances counts it; elsewhere, and without ethtool, it stays null.
 */
export class Allowances {
  #counts: Readonly<Record<string, number>> | null = null;

  get counts(): Readonly<Record<string, number>> | null {
    return this.#counts;
  }

  /** Asks every 5 s, as long as there is an answer. */
  async watch(): Promise<void> {
    const names = Object.entries(networkInterfaces())
      .filter(([, addresses]) => addresses?.some(({ internal }) => !internal))
      .map(([name]) => name);
    await this.#ask(names);
    if (this.#counts !== null) setInterval(() => void this.#ask(names), periodMillis);
  }

  async #ask(names: readonly string[]): Promise<void> {
    const texts = await Promise.all(
      names.map(
        (name) =>
          new Promise<string>((resolve) => {
            execFile('ethtool', ['-S', name], (error, stdout) => resolve(error === null ? stdout : ''));
          }),
      ),
    );
    const sum: Record<string, number> = {};
    for (const counts of texts.map(parseAllowances)) {
      for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count;
    }
    if (Object.keys(sum).length > 0) this.#counts = sum;
  }
}
