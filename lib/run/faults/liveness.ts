import { serverUnitPrefix } from '../../../assets/host/raw.ts';
import type { HostStatus } from '../progress.ts';

/** So many times as long as the slowest answer of all hosts may a reporter be silent: a machine that is busy is slow with everything. */
const slowestLooks = 3;
/** A word is missed when it is not there at so many looks in a row: one look may come too soon. */
const looksLeast = 2;

/** What is said of units, by how their names begin, one of whose processes is stopped. */
const stoppedUnits = [
  [serverUnitPrefix, 'the server has stood still (its process is stopped)'],
  // Its supervisor notices by itself, but gives one that is just starting longer than anybody else has.
  ['c1m-loadgen', 'a load process has stood still (it is stopped)'],
] as const;

/** What somebody said last, and since when it has been nothing new. */
interface LastWord {
  readonly word: number | string | null;
  readonly sinceMillis: number;
  readonly looks: number;
}

/** Steps in which load generators are to be heard. */
export const loadSteps = new Set(['ramp', 'drive', 'resume']);
/** Steps in which samplers are. */
const sampledSteps = new Set(['start', 'restart', ...loadSteps]);

/**
 * Watches that hosts, samplers and load generators go on reporting: each has a deadline for its next word. Only the operator's own
 * monotonic clock is used, and whether what is said is new: clocks of hosts need not agree with it.
 */
export class Liveness {
  readonly #hosts: readonly string[];
  readonly #silenceMillis: number;
  readonly #words = new Map<string, LastWord>();
  /** Units of servers that have been seen to run. */
  readonly #servers = new Set<string>();
  #slowestLookMillis = 0;

  constructor(hosts: readonly string[], silenceMillis: number) {
    this.#hosts = hosts;
    this.#silenceMillis = silenceMillis;
  }

  /** Takes what hosts answered during a look that took `tookMillis`; a sentence about one that has been silent for too long, else null. */
  look(step: string, statuses: readonly HostStatus[], nowMillis: number, tookMillis: number): string | null {
    if (statuses.length === this.#hosts.length) {
      this.#slowestLookMillis = Math.max(this.#slowestLookMillis, tookMillis);
    }
    const silent = this.#hosts.flatMap((host) => {
      const status = statuses.find((candidate) => candidate.host === host);
      const own = [this.#hear(`${host} does not answer`, status === undefined ? null : nowMillis, nowMillis)];
      if (status === undefined) return own;
      const commandWord = status.stopped ? 'stopped' : nowMillis;
      own.push(
        this.#hear(`${host}: the command of step ${step} has stood still (it is stopped)`, commandWord, nowMillis),
      );
      if (!sampledSteps.has(step)) return own;
      own.push(this.#hear(`${host}: the sampler has taken no sample`, status.sample?.unixMillis ?? null, nowMillis));
      for (const [unit, sentence] of stoppedUnits) {
        own.push(this.#hear(`${host}: ${sentence}`, isStopped(status, unit) ? 'stopped' : nowMillis, nowMillis));
      }
      for (const unit of Object.keys(status.sample?.units ?? {}))
        if (unit.startsWith(serverUnitPrefix)) this.#servers.add(unit);
      if (loadSteps.has(step) && host === 'server') {
        // A phase that has nothing to wait for would go on to its end without it.
        const isGone = [...this.#servers].some((unit) => status.sample !== null && !(unit in status.sample.units));
        own.push(this.#hear(`${host}: a process of the server has been gone`, isGone ? 'gone' : nowMillis, nowMillis));
      }
      if (loadSteps.has(step) && host !== 'server') {
        own.push(
          this.#hear(`${host}: the load generator has not reported`, status.load?.unixMillis ?? null, nowMillis),
        );
      }
      const isIdle = status.load?.phase === 'holding' && (status.load.driving ?? null) === null;
      const othersDrive = isIdle && statuses.some(({ load }) => load?.phase === 'driving');
      own.push(
        this.#hear(`${host}: it has not begun its part of the workload`, othersDrive ? 'idle' : nowMillis, nowMillis),
      );
      return own;
    });
    const loads = statuses.flatMap(({ load }) => (load === null ? [] : [load]));
    const over = loads.length > 0 && loads.every(({ phase }) => phase === 'holding');
    // While the command and the load generators agree about what is going on, that is news enough.
    const agreed = loadSteps.has(step) && over ? `${step} ended` : nowMillis;
    silent.push(
      this.#hear(
        `the command of step ${step} has not returned, though the load hosts are done with it`,
        agreed,
        nowMillis,
      ),
    );
    return silent.find((sentence) => sentence !== null) ?? null;
  }

  #hear(who: string, word: number | string | null, nowMillis: number): string | null {
    const before = this.#words.get(who);
    if (before === undefined || before.word !== word) {
      this.#words.set(who, { word, sinceMillis: nowMillis, looks: 0 });
      return null;
    }
    this.#words.set(who, { ...before, looks: before.looks + 1 });
    const silentMillis = nowMillis - before.sinceMillis;
    const most = Math.max(this.#silenceMillis, slowestLooks * this.#slowestLookMillis);
    if (silentMillis < most || before.looks + 1 < looksLeast) return null;
    return `${who} for ${Math.round(silentMillis / 1000)} s`;
  }
}

function isStopped({ sample }: HostStatus, prefix: string): boolean {
  return Object.entries(sample?.units ?? {}).some(([unit, { stopped }]) => unit.startsWith(prefix) && stopped);
}
