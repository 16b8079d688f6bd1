#!/usr/bin/env node
import { exitCodes } from '../lib/config/lab-error.ts';
import { runCommandLine } from '../lib/cli/app.ts';
import { listenForInterruption } from '../lib/cli/interruption.ts';

const interruption = listenForInterruption(process);

const { AWS_REGION, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL } = process.env;
// The aws and cdk commands take the second one too, the SDK does not.
const region = AWS_REGION ?? AWS_DEFAULT_REGION;
const endpointUrl = AWS_ENDPOINT_URL_S3 ?? AWS_ENDPOINT_URL;

await runCommandLine(process.argv.slice(2), {
  process,
  workingFolder: process.cwd(),
  interactive: process.stderr.isTTY,
  columns: process.stderr.columns || 100,
  interrupted: interruption.signal,
  now: () => new Date(),
  random: Math.random,
  aws: { ...(region === undefined ? {} : { region }), ...(endpointUrl === undefined ? {} : { endpointUrl }) },
});

const failure = interruption.outputFailure();
if (failure !== null) {
  process.stderr.write(`${failure.twoLines}\n`);
  process.exitCode = exitCodes[failure.code];
}
