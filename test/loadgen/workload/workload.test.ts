import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  phaseKindNames,
  phaseNames,
  plannedSeconds,
  dueSeconds,
  waitSeconds,
} from '../../../assets/loadgen/workload/phase-kinds.ts';
import { withDefaults } from '../../../assets/loadgen/workload/parse-text.ts';
import { presetWorkload, workloadPresetNames } from '../../../assets/loadgen/workload/presets.ts';
import { WorkloadError } from '../../../assets/loadgen/workload/workload-error.ts';
import {
  editWorkload,
  formatWorkload,
  parseWorkload,
  readWorkload,
  workloadOfJson,
} from '../../../assets/loadgen/workload/workload.ts';
import { workloadPattern } from '../../../lib/documents/parameters.ts';

/** Fails unless reading throws what is wrong, and what would do. */
function refused(read: () => unknown, message: RegExp, hint: RegExp): void {
  assert.throws(read, (error) => {
    assert.ok(error instanceof WorkloadError, String(error));
    assert.match(error.message, message);
    assert.match(error.hint, hint);
    assert.doesNotMatch(error.message + error.hint, /\n/);
    return true;
  });
}

describe('a workload', () => {
  test('is the same again when its text or its JSON is read, whatever kinds it has', () => {
    const all = phaseKindNames.map((kind) => withDefaults(kind, {}));
    for (const workload of [all.slice(0, 3), all.slice(3), [], ...workloadPresetNames.map(presetWorkload)]) {
      const text = formatWorkload(workload);
      assert.deepEqual(parseWorkload(text), workload);
      assert.deepEqual(workloadOfJson(JSON.parse(JSON.stringify({ phases: workload }))), workload);
      assert.match(text, new RegExp(workloadPattern));
    }
  });

  test('is read with units, with | for a comma, and with defaults for what is left out', () => {
    assert.deepEqual(parseWorkload('echo rate=1.5k/s for=500ms bytes=1k | broadcast times=2 every=1.5min'), [
      { kind: 'echo', ratePerSecond: 1500, seconds: 0.5, bytes: 1000 },
      { kind: 'broadcast', times: 2, intervalSeconds: 90, bytes: 24 },
    ]);
    assert.deepEqual(parseWorkload('storm cut=12.5% backoff=none'), [
      { kind: 'storm', cutPercent: 12.5, by: 'reset', backoff: 'none', withinSeconds: 60 },
    ]);
  });

  test('is read from a file, a phase a line or as JSON', (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'c1m-workload-'));
    context.after(() => rmSync(folder, { recursive: true }));
    writeFileSync(join(folder, 'mine.txt'), 'echo for=1s\nbroadcast times=2\n');
    writeFileSync(join(folder, 'mine.json'), '[{"kind": "echo", "seconds": 1}, {"kind": "broadcast", "times": 2}]');
    const expected = parseWorkload('echo for=1s, broadcast times=2');
    assert.deepEqual(readWorkload('mine.txt', folder), expected);
    assert.deepEqual(readWorkload('./mine.json', folder), expected);
    writeFileSync(join(folder, 'torn.json'), '{"phases": [');
    writeFileSync(join(folder, 'empty.txt'), ' \n');
    refused(() => readWorkload('empty.txt', folder), /empty\.txt is empty/, /echo rate=100\/s/);
    refused(() => readWorkload('torn.json', folder), /torn\.json is no JSON/, /fix that file/);
  });

  test('that is none is refused with the phase, the field, the value and what would do', () => {
    refused(
      () => parseWorkload('everything'),
      /'everything' is not a workload/,
      /quick, article, push, a file, or phases/,
    );
    refused(() => parseWorkload(' [{"kind":"echo"}]'), /is JSON, and .* read from a file/, /a file .* \.\/mine\.json/);
    refused(() => parseWorkload('dance for=1s, echo'), /'dance' is no phase/, /the phases are echo, /);
    refused(() => parseWorkload('echo, '), /phase 2 of the workload is empty/, /separated by commas/);
    refused(
      () => parseWorkload('echo rate=fast'),
      /echo \(phase 1\): rate cannot be 'fast'/,
      /0\.001\/s to 10000000\/s/,
    );
    refused(() => parseWorkload('echo, echo bytes=2MiB'), /echo \(phase 2\): bytes cannot be '2MiB'/, /0 to 1048576/);
    refused(() => parseWorkload('echo pace=1'), /echo \(phase 1\) has no field 'pace=1'/, /rate, for, bytes/);
    refused(() => parseWorkload('echo for=1s for=2s'), /for is given twice/, /once/);
    refused(() => parseWorkload('storm backoff=slow'), /backoff cannot be 'slow'/, /none or exp/);
    refused(() => workloadOfJson({}), /no list of phases/, /"phases"/);
    refused(() => workloadOfJson([{ kind: 'dance' }]), /phase 1 .* "dance"/, /the kinds are/);
    refused(
      () => workloadOfJson([{ kind: 'heartbeat', intervalSeconds: '9s' }]),
      /heartbeat \(phase 1\): intervalSeconds cannot be '"9s"'/,
      /give 0\.1 to 3600, such as "intervalSeconds": 30$/,
    );
    refused(
      () => workloadOfJson([{ kind: 'heartbeat', every: 9 }]),
      /has no field 'every'/,
      /its fields are intervalSeconds, seconds: \{"kind":"heartbeat","intervalSeconds":30,"seconds":60\}/,
    );
    refused(() => parseWorkload('broadcast times=1M, broadcast'), /1000003 broadcasts/, /fewer times/);
  });

  test('that is too long for a parameter of a document is refused', () => {
    const long = Array.from({ length: 20 }, () => 'echo').join(', ');
    refused(() => formatWorkload(parseWorkload(long)), /is \d{3} characters long .* holds 512/, /two runs/);
  });

  test('is edited by the short forms', () => {
    const quick = presetWorkload('quick');
    const edit = (edits: Parameters<typeof editWorkload>[1]): string => formatWorkload(editWorkload(quick, edits));
    assert.equal(edit({ broadcasts: 7 }), 'echo rate=1000/s for=2s bytes=64, broadcast times=7 every=1s bytes=24');
    assert.equal(edit({ broadcasts: 0, echoSeconds: 9 }), 'echo rate=1000/s for=9s bytes=64');
    assert.equal(edit({ broadcasts: 0, echoRate: 0 }), 'none');
    assert.equal(formatWorkload(editWorkload([], { broadcasts: 2 })), 'broadcast times=2 every=10s bytes=24');
    refused(() => editWorkload([], { intervalSeconds: 2 }), /no broadcast phase/, /--broadcasts/);
  });

  test('has a name for each phase, and a longest time', () => {
    const workload = parseWorkload('echo for=10s, broadcast times=2 every=5s, echo for=20s, idle for=7s');
    assert.deepEqual(phaseNames(workload), ['echo', 'broadcast', 'echo-2', 'idle']);
    assert.equal(plannedSeconds(workload), 10 + 30 + 3 * 5 + 60 + 20 + 30 + 7);
  });

  test('says for how long the work of a phase falls due', () => {
    const workload = parseWorkload(
      'heartbeat every=1s for=4s, broadcast times=2 every=5s, storm within=9s, restart within=8s',
    );
    assert.deepEqual(workload.map(dueSeconds), [4, 15, 0, 0]);
    assert.deepEqual(workload.map(waitSeconds), [30, 60, 9, 8]);
    assert.equal(plannedSeconds(workload), 4 + 30 + 15 + 60 + 9 + 8);
  });
});
