import type { LoadProcessRaw } from '../../../assets/loadgen/raw.ts';
import { addServerWords } from '../../../assets/loadgen/measure/server-words.ts';
import { addHandshakes } from '../../../assets/loadgen/tls/handshake-counts.ts';
import type { RawMeasurement } from '../raw/raw-run.ts';
import type { Answers } from '../schema/answers.ts';
import { mergeHistograms } from '../statistics/histogram.ts';
import { sum, sumByCause } from '../statistics/numbers.ts';

/** Adds up what all load processes heard of the server; `offsets` take each host's clock to Unix time, microseconds. */
export function mergeAnswers(
  raw: RawMeasurement,
  offsets: ReadonlyMap<string, number>,
): { readonly answers: Answers; readonly undecodable: number } {
  const processes = raw.hosts.flatMap(({ loadProcesses }) => loadProcesses);
  const { failures, closes } = addServerWords(processes.flatMap(({ serverWords }) => serverWords ?? []));
  const { pushes, undecodable } = mergePushes(raw, offsets);
  return {
    answers: {
      failures: { ...failures },
      closes: closes.map((close) => ({ ...close })),
      addresses: mergeAddresses(processes),
      handshakes: addHandshakes(processes.flatMap(({ handshakes }) => handshakes ?? [])),
      pushes,
    },
    undecodable,
  };
}

function mergeAddresses(processes: readonly Pick<LoadProcessRaw, 'addresses'>[]): Answers['addresses'] {
  const byAddress = Map.groupBy(
    processes.flatMap(({ addresses }) => addresses ?? []),
    ({ address }) => address,
  );
  return [...byAddress].map(([address, parts]) => ({
    address,
    opened: sum(parts.map(({ opened }) => opened)),
    lost: sum(parts.map(({ lost }) => lost)),
    failures: sumByCause(parts.map((part) => part.failures)),
  }));
}

function mergePushes(
  { hosts }: RawMeasurement,
  offsets: ReadonlyMap<string, number>,
): { readonly pushes: Answers['pushes']; readonly undecodable: number } {
  const parts = hosts.flatMap(({ host, loadProcesses }) => {
    const offset = offsets.get(host) ?? 0;
    return loadProcesses.flatMap(({ pushes }) => (pushes === undefined ? [] : [{ offset, ...pushes }]));
  });
  const stamped = parts.flatMap((part) => part.stamped ?? []);
  const { latency, undecodable } = mergeHistograms(stamped.map((part) => part.latency));
  const messages = sum(parts.map((part) => part.messages));
  const first = Math.min(
    ...parts.flatMap(({ firstMicros, offset }) => (firstMicros === null ? [] : firstMicros + offset)),
  );
  const last = Math.max(...parts.flatMap(({ lastMicros, offset }) => (lastMicros === null ? [] : lastMicros + offset)));
  return {
    pushes: {
      messages,
      bytes: sum(parts.map(({ bytes }) => bytes)),
      messagesPerSecond: last > first ? ((messages - 1) * 1e6) / (last - first) : null,
      latency,
      sharesClock: stamped.length === 0 ? null : stamped.every(({ sharesClock }) => sharesClock),
      unstamped: sum(stamped.map((part) => part.unstamped)),
      ahead: sum(stamped.map((part) => part.ahead)),
    },
    undecodable,
  };
}
