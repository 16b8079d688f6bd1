import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { namespacesForbidden } from '../local/hosts/test-hosts.ts';
import { onlyRun, startProgram, withFolder } from '../integration/lab-process.ts';
import { until } from '../until.ts';

const script = `
  import { labCommand } from '${join(import.meta.dirname, '../../lib/bench/lab-command.ts')}';
  await labCommand(process.argv.slice(1)).catch(({ code }) => process.stdout.write(code));
`;

test(
  'a benchmark that is asked to end waits for the run that it has begun',
  { skip: namespacesForbidden() },
  async () => {
    await withFolder(async (out) => {
      const words = [
        'run',
        '--local',
        '--servers',
        'node',
        '--connections',
        '20',
        '--workload',
        'idle for=100s',
        '--out',
        out,
      ];
      const benchmark = startProgram(process.execPath, '--input-type=module', '--eval', script, '--', ...words);
      await until('the workload is driven', () => benchmark.stderr().includes('driving'));
      benchmark.child.kill('SIGTERM');
      assert.equal((await benchmark.ended).code, 0, benchmark.stderr());
      assert.equal(benchmark.stdout(), 'interrupted');
      const { result } = await onlyRun(out);
      assert.equal(result.measurements[0]?.record.status, 'cancelled');
    });
  },
);
