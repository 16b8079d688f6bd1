import { articleReference } from '../article-reference.ts';
import { openFilesLimitOf, type RawRun } from '../raw/raw-run.ts';
import type { MeasurementResult } from '../schema/measurement-result.ts';
import type { HostResult, RunResult } from '../schema/run-result.ts';
import { mergeMeasurement } from './merge-measurement.ts';
import { summariseServer } from './summarise-server.ts';

/** Makes a run's result from its raw files: pure, so that `result.json` can be made again at any time. */
export function mergeRun(raw: RawRun): RunResult {
  const { record } = raw;
  const skippedMeasurements = raw.measurements.filter(({ record: { status } }) => status === 'skipped');
  const measurements = raw.measurements
    .filter((measurement) => !skippedMeasurements.includes(measurement))
    .map((measurement) => mergeMeasurement(measurement, record));
  const skipped = [
    ...record.skipped,
    ...skippedMeasurements.map(({ record: { server, reason } }) => ({
      server,
      reason: reason ?? 'no reason was kept',
    })),
  ].filter(({ server }, index, all) => all.findIndex((other) => other.server === server) === index);
  const servers = [...new Set(measurements.map(({ server }) => server))];
  const missing = [
    ...notMeasured(record.parameters, measurements, new Set(skipped.map(({ server }) => server))),
    ...measurements.flatMap(({ measurement, missing: lacks }) => lacks.map((what) => `${measurement}: ${what}`)),
  ];
  return {
    schema: 3,
    runId: record.runId,
    beganUnixMillis: record.beganUnixMillis,
    endedUnixMillis: record.endedUnixMillis,
    where: record.where,
    hostsShareOneMachine: record.hostsShareOneMachine,
    gitCommit: record.gitCommit,
    versions: record.versions,
    target: record.target,
    lab: record.lab,
    parameters: record.parameters,
    calibration: record.calibration,
    hosts: hostsOfRun(raw),
    complete: missing.length === 0 && measurements.every(({ verdict }) => verdict.complete),
    missing,
    skipped,
    servers: servers.map((server) =>
      summariseServer(
        server,
        measurements.filter((measurement) => measurement.server === server),
        record.parameters.workload,
        record.servers.find(({ name }) => name === server)?.conformance,
      ),
    ),
    measurements,
    // Its figures are of a server's memory, which nobody knows of one at a URL.
    references: record.where === 'url' ? [] : [articleReference],
  };
}

/** Servers and repeats that were asked for, were not skipped with a reason, and left nothing. */
function notMeasured(
  parameters: RunResult['parameters'],
  measurements: readonly MeasurementResult[],
  skipped: ReadonlySet<string>,
): readonly string[] {
  return parameters.servers.flatMap((server) => {
    if (skipped.has(server)) return [];
    const times = measurements.filter((measurement) => measurement.server === server).length;
    if (times >= parameters.repeats) return [];
    return [
      times === 0 ? `${server} was not measured` : `${server} was measured ${times} of ${parameters.repeats} times`,
    ];
  });
}

/** Each host as the first measurement that has its facts found it. */
function hostsOfRun({ measurements }: RawRun): HostResult[] {
  const hosts = new Map<string, HostResult>();
  for (const host of measurements.flatMap((measurement) => measurement.hosts)) {
    const { facts } = host;
    if (facts === null || hosts.has(facts.host)) continue;
    const { schema: _schema, run: _run, unixMillis: _unixMillis, ...kept } = facts;
    hosts.set(facts.host, {
      ...kept,
      openFilesLimit: openFilesLimitOf(host) ?? facts.openFilesLimit,
      addresses: [...facts.addresses],
      sysctls: [...facts.sysctls],
      warnings: [...facts.warnings],
    });
  }
  return [...hosts.values()].sort(
    (a, b) => Number(a.role === 'load') - Number(b.role === 'load') || (a.host < b.host ? -1 : 1),
  );
}
