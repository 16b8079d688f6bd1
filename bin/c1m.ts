#!/usr/bin/env node
import { runCommandLine } from '../lib/cli/app.ts';

const interruption = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  // The second one means it: what runs on the local hosts ends with this process all the same.
  process.on(signal, () => (interruption.signal.aborted ? process.exit(130) : interruption.abort()));
}

const { AWS_REGION, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = process.env;
// The aws and cdk commands take the second one too, the SDK does not.
const region = AWS_REGION ?? AWS_DEFAULT_REGION;
const endpointUrl = AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL;

await runCommandLine(process.argv.slice(2), {
  process,
  workingFolder: process.cwd(),
  interactive: process.stderr.isTTY,
  columns: process.stderr.columns ?? 100,
  interrupted: interruption.signal,
  now: () => new Date(),
  random: Math.random,
  aws: { ...(region === undefined ? {} : { region }), ...(endpointUrl === undefined ? {} : { endpointUrl }) },
});
