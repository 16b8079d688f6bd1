import assert from 'node:assert/strict';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { plannedSeconds } from '../../assets/loadgen/workload/phase-kinds.ts';
import { parseWorkload } from '../../assets/loadgen/workload/workload.ts';
import { articleLab } from '../../lib/config/lab.ts';
import { memoryPresetNames } from '../../lib/config/servers.ts';
import { documentsOf } from '../../lib/documents/documents-of.ts';
import { memoryPresets } from '../../lib/documents/parameters.ts';
import { driveTimeoutSeconds } from '../../lib/documents/host-commands.ts';
import { describeProblem } from '../../lib/documents/schema/problem.ts';
import { validateDocument } from '../../lib/documents/schema/validate-document.ts';

const documents = documentsOf(articleLab);

describe("the lab's documents", () => {
  test('pass every check of the subset', () => {
    const problems = documents.flatMap(({ name, content }) =>
      validateDocument(name, content, documents).map((problem) => `${name}: ${describeProblem(problem)}`),
    );
    assert.deepEqual(problems, []);
  });

  test('call only scripts that are there and executable', () => {
    const scripts = documents.flatMap(({ type, content }) =>
      type === 'Command' ? content.mainSteps.flatMap(({ inputs }) => inputs.runCommand) : [],
    );
    assert.equal(scripts.length, 9);
    for (const line of scripts) {
      const match = /^exec \/opt\/c1mlab\/assets\/(host\/[a-z]+)(?: \{\{ TimeoutSeconds \}\})?$/.exec(line);
      assert.ok(match?.[1] !== undefined, line);
      accessSync(join(import.meta.dirname, '../../assets', match[1]), constants.X_OK);
    }
  });

  test('are a whole benchmark with nothing given but the server', () => {
    const benchmark = documents.find(({ name }) => name === 'C1mLab-Benchmark');
    const parameters = Object.entries(benchmark?.content.parameters ?? {});
    assert.deepEqual(
      parameters.filter(([, parameter]) => parameter.default === undefined).map(([name]) => name),
      ['Server'],
    );
  });

  test('go on only when every host has done its part, and reach every host to clean up', () => {
    const benchmark = documents.find(({ type }) => type === 'Automation');
    assert.ok(benchmark?.type === 'Automation');
    for (const step of benchmark.content.mainSteps) {
      if (step.action !== 'aws:runCommand') continue;
      const cleansUp = step.name === 'collect' || step.name === 'stop';
      // SendCommand: the maximum number of errors allowed without the command failing.
      assert.equal(step.inputs.MaxErrors, cleansUp ? '100%' : '0', step.name);
      assert.equal(step.inputs.MaxConcurrency, '100%', 'errors stop nobody only when all are asked at once');
      // An agent that is offline is said to be so, and not waited for until the step's own time is over.
      assert.ok((step.inputs.TimeoutSeconds ?? 3600) < (step.timeoutSeconds ?? 0), step.name);
    }
  });

  test('assert that each host is there and online before anything is built', () => {
    const benchmark = documents.find(({ type }) => type === 'Automation');
    assert.ok(benchmark?.type === 'Automation');
    const names = benchmark.content.mainSteps.map(({ name }) => name);
    assert.deepEqual(names.slice(0, 4), ['serverIsOnline', 'load1IsOnline', 'load2IsOnline', 'buildServer']);
    // The form that Automation takes: "aws:assertAwsResourceProperty" in the Systems Manager User Guide.
    assert.deepEqual(benchmark.content.mainSteps[2]?.inputs, {
      Service: 'ssm',
      Api: 'DescribeInstanceInformation',
      Filters: [
        { Key: 'tag:c1mlab:host', Values: ['C1mLab/load-2'] },
        { Key: 'PingStatus', Values: ['Online'] },
      ],
      MaxResults: 50,
      PropertySelector: '$.InstanceInformationList[0].PingStatus',
      DesiredValues: ['Online'],
    });
  });

  test('give Drive time for their own workload by default, and far less than a day', () => {
    const { Workload: workload, DriveTimeoutSeconds: timeout } =
      documents.find(({ type }) => type === 'Automation')?.content.parameters ?? {};
    const needed = driveTimeoutSeconds(plannedSeconds(parseWorkload(workload?.default ?? '')));
    const given = Number(timeout?.default);
    assert.ok(needed <= given && given <= 3 * needed, `${needed} s are needed, ${given} s are given`);
  });

  test('clean up after whoever cancels an execution whose hosts were prepared', () => {
    const benchmark = documents.find(({ type }) => type === 'Automation');
    assert.ok(benchmark?.type === 'Automation');
    assert.deepEqual(
      benchmark.content.mainSteps
        .filter(({ action }) => action === 'aws:runCommand')
        .map(({ name, onCancel = 'Abort' }) => [name, onCancel]),
      [
        ['buildServer', 'Abort'],
        ['buildLoad', 'Abort'],
        ['prepare', 'step:collect'],
        ['start', 'step:collect'],
        ['ramp', 'step:collect'],
        ['drive', 'step:collect'],
        ['restart', 'step:collect'],
        ['resume', 'step:collect'],
        ['collect', 'step:stop'],
        ['stop', 'Abort'],
      ],
    );
  });

  test('take no count of nothing, and none that a shell would read as octal', () => {
    for (const { name, content } of documents) {
      for (const parameter of ['Connections', 'ConnectRate', 'ServerProcesses', 'LoadProcesses']) {
        const pattern = content.parameters?.[parameter]?.allowedPattern;
        if (pattern === undefined) continue;
        for (const value of ['0', '010', '08']) assert.doesNotMatch(value, new RegExp(pattern), `${name} ${parameter}`);
        assert.match('1200000', new RegExp(pattern));
      }
    }
  });

  test('know the memory presets that servers have', () => {
    assert.deepEqual([...memoryPresets].sort(), [...memoryPresetNames].sort());
  });
});
