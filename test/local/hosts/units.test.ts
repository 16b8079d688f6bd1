import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { articleLab } from '../../../lib/config/lab.ts';
import type { LocalHost } from '../../../lib/local/hosts/local-host.ts';
import { makeTestHosts, namespacesForbidden, runOn, type TestHosts } from './test-hosts.ts';
import { until } from '../../until.ts';

const properties = 'MainPID,Result,ExecMainCode,ExecMainStatus,ActiveState,SubState';
let count = 0;

describe('units of a local host', { skip: namespacesForbidden() }, () => {
  let hosts: TestHosts;
  let host: LocalHost;
  before(async () => {
    hosts = await makeTestHosts(articleLab);
    host = hosts.host('server');
  });
  after(async () => hosts.remove());

  /** Starts a bash script as a unit of its own name, and returns the name. */
  async function start(script: string, ...options: readonly string[]): Promise<string> {
    const unit = `test-${++count}`;
    const command = host.spawn(['systemd-run', '--quiet', `--unit=${unit}`, ...options, '--', 'bash', '-c', script]);
    assert.equal((await command.closed).code, 0);
    return unit;
  }

  /** What `systemctl show` says of a unit, in one line. */
  async function show(unit: string): Promise<string> {
    const { stdout } = await runOn(host, `systemctl show --property=${properties} ${unit} | paste -sd' '`);
    return stdout.trim();
  }

  async function ended(unit: string): Promise<string> {
    await until(`${unit} has ended`, async () => /ActiveState=(inactive|failed)/.test(await show(unit)));
    return show(unit);
  }

  test('outlives whoever started it, holds none of its output, and can be stopped', async () => {
    const unit = await start('echo up; exec sleep 1000', '--property=StandardOutput=append:/opt/c1mlab/runs/up.out');
    await until(
      'the unit has written',
      async () => (await runOn(host, 'cat /opt/c1mlab/runs/up.out')).stdout === 'up\n',
    );
    assert.match(await show(unit), /^MainPID=[1-9]\d* Result=success .* ActiveState=active SubState=running$/);
    const main = (await runOn(host, `systemctl show --property=MainPID --value ${unit}`)).stdout.trim();
    assert.equal((await runOn(host, `tr '\\0' ' ' </proc/${main}/cmdline`)).stdout.trim(), 'sleep 1000');
    assert.equal((await runOn(host, `systemctl is-active ${unit}`)).stdout, 'active\n');

    assert.equal((await runOn(host, `systemctl stop ${unit}`)).code, 0);
    assert.equal((await runOn(host, `[ -e /proc/${main} ]`)).code, 1);
    assert.equal((await runOn(host, `systemctl is-active ${unit}`)).stdout, 'inactive\n');
    assert.match(await show(unit), /^MainPID=0 Result=success/);
  });

  const ends: readonly [string, string][] = [
    ['exit 0', 'Result=success ExecMainCode=0 ExecMainStatus=0 ActiveState=inactive SubState=dead'],
    ['exit 3', 'Result=exit-code ExecMainCode=1 ExecMainStatus=3 ActiveState=failed SubState=failed'],
    ['exit 143', 'Result=exit-code ExecMainCode=1 ExecMainStatus=143 ActiveState=failed SubState=failed'],
    ['sleep 0.1; exit 137', 'Result=exit-code ExecMainCode=1 ExecMainStatus=137 ActiveState=failed SubState=failed'],
    ['kill -TERM $$', 'Result=success ExecMainCode=0 ExecMainStatus=0 ActiveState=inactive SubState=dead'],
    ['sleep 0.1; kill -KILL $$', 'Result=signal ExecMainCode=2 ExecMainStatus=9 ActiveState=failed SubState=failed'],
    ['kill -USR1 $$', 'Result=signal ExecMainCode=2 ExecMainStatus=10 ActiveState=failed SubState=failed'],
  ];
  for (const [script, outcome] of ends) {
    test(`that ends with '${script}' reads as systemd's does`, async () => {
      assert.equal(await ended(await start(script)), `MainPID=0 ${outcome}`);
    });
  }

  test('that fails stays to be asked about until it is reset, unless it is collected', async () => {
    const unit = await start('exit 4');
    await ended(unit);
    assert.match((await runOn(host, `systemd-run --unit=${unit} -- true`)).stderr, /already loaded/);
    assert.equal(
      (await runOn(host, `systemctl list-units --plain --no-legend --state=failed ${unit}.service`)).stdout,
      `${unit}.service loaded failed failed ${unit}\n`,
    );
    const withoutEnding = await runOn(host, `systemctl list-units --plain --no-legend --state=failed ${unit}`);
    assert.equal(withoutEnding.stdout, '', 'systemd adds no ending to a pattern');
    assert.equal((await runOn(host, `systemctl reset-failed ${unit}`)).code, 0);
    assert.equal((await runOn(host, `systemd-run --unit=${unit} -- true`)).code, 0);
    const collected = await start('exit 4', '--collect');
    assert.match(await ended(collected), /Result=success .* ActiveState=inactive/);
  });

  const unstartable: readonly [string, number][] = [
    ['--property=StandardOutput=append:/no/such/file', 209],
    ['--property=StandardError=append:/no/such/file', 222],
    ['--working-directory=/no/such/folder', 200],
  ];
  for (const [option, status] of unstartable) {
    test(`that cannot begin because of ${option} fails with systemd's own ${status}`, async () => {
      assert.match(
        await ended(await start('true', option)),
        new RegExp(`Result=exit-code .*ExecMainStatus=${status} `),
      );
    });
  }

  test('fails to start under the name of one that is active', async () => {
    const unit = await start('exec sleep 1000');
    const second = await runOn(host, `systemd-run --unit=${unit} -- true`);
    assert.equal(second.code, 1);
    assert.match(second.stderr, new RegExp(`Unit ${unit}.service was already loaded`));
    await runOn(host, `systemctl stop ${unit}`);
  });

  test('that ignores SIGTERM is killed after TimeoutStopSec', async () => {
    const file = '/opt/c1mlab/runs/deaf.out';
    const unit = await start(
      'trap "" TERM; echo deaf; while :; do sleep 0.1; done',
      // Longer than a supervisor may be silent.
      '--property=TimeoutStopSec=12',
      `--property=StandardOutput=append:${file}`,
    );
    await until('the unit ignores SIGTERM', async () => (await runOn(host, `cat ${file}`)).stdout === 'deaf\n');
    assert.equal((await runOn(host, `systemctl stop ${unit}`)).code, 0);
    assert.match(await show(unit), /Result=timeout ExecMainCode=2 ExecMainStatus=9 ActiveState=failed/);
  });

  test('that was stopped by a signal ends like any other', async () => {
    const unit = await start('exec sleep 1000');
    await runOn(host, `systemctl kill --signal=STOP ${unit}`);
    assert.equal((await runOn(host, `systemctl stop ${unit}`)).code, 0);
    // Had it taken SIGKILL, it would read Result=timeout.
    assert.match(await show(unit), /Result=success .* ActiveState=inactive/);
  });

  test('ends although the command that asked for it has gone', async () => {
    const unit = await start('trap "sleep 0.3; exit 0" TERM; while :; do sleep 0.05; done');
    await runOn(host, `systemctl stop ${unit} & sleep 0.1; kill -KILL $!`);
    assert.match(await ended(unit), /ActiveState=inactive/);
  });

  test('ends after RuntimeMaxSec', async () => {
    const unit = await start('exec sleep 1000', '--property=RuntimeMaxSec=1');
    assert.match(await ended(unit), /Result=timeout ExecMainCode=2 ExecMainStatus=15 ActiveState=failed/);
  });

  test('takes the processes it left behind along when it ends', async () => {
    const unit = await start('sleep 1000 & echo $! >/opt/c1mlab/runs/left.pid; exit 0');
    await ended(unit);
    assert.match((await runOn(host, 'kill -0 "$(</opt/c1mlab/runs/left.pid)"')).stderr, /No such process/);
  });

  test('has an environment of its own, and as many descriptors as it may have', async () => {
    const unit = await start(
      'echo "$GREETING|${CALLER-}|${HOME-}|$TMPDIR|$PWD|$(ulimit -Sn)|$(cat /proc/self/oom_score_adj)|$(chrt --pid $$ | sed -n "s/.*: SCHED_//p")"',
      '--setenv=GREETING=a  "b" $c',
      '--working-directory=/opt/c1mlab/runs',
      '--property=OOMScoreAdjust=500',
      '--property=CPUSchedulingPolicy=batch',
      '--property=LimitNOFILE=2000000000',
      '--property=StandardOutput=append:/opt/c1mlab/runs/env.out',
    );
    await ended(unit);
    const { stdout } = await runOn(host, 'cat /opt/c1mlab/runs/env.out; ulimit -Hn', { env: { CALLER: 'no' } });
    const [line, most] = stdout.trim().split('\n');
    assert.equal(line, `a  "b" $c|||/opt/c1mlab/tmp|/opt/c1mlab/runs|${most}|500|BATCH`);
  });

  test('keeps nothing open that its starter had open', async () => {
    const { code } = await runOn(
      host,
      'exec 9>/opt/c1mlab/run/lock; flock 9; systemd-run --quiet --unit=test-lock -- sleep 1000; exec 9>&-; flock --nonblock /opt/c1mlab/run/lock true',
    );
    assert.equal(code, 0);
    await runOn(host, 'systemctl stop test-lock');
  });

  test('are listed, signalled and stopped by pattern, many at once', async () => {
    const start20 = 'for i in {1..20}; do systemd-run --quiet --unit=many-$i -- sleep 1000 & done; wait';
    assert.equal((await runOn(host, start20)).stderr, '');
    const list = "systemctl list-units --plain --no-legend 'many-*'";
    assert.equal((await runOn(host, `${list} | grep -c 'loaded active running'`)).stdout, '20\n');
    await runOn(host, 'systemctl kill --signal=KILL many-7');
    await ended('many-7');
    assert.equal((await runOn(host, `${list} --state=active | wc -l`)).stdout, '19\n');
    assert.equal((await runOn(host, "systemctl stop 'many-*' && systemctl reset-failed 'many-*'")).code, 0);
    assert.equal((await runOn(host, list)).stdout, '');
  });

  test('are the supervisor’s: when that is killed, the host ends', async () => {
    const others = await makeTestHosts(articleLab);
    try {
      const load = others.host('load-1');
      await runOn(load, 'systemd-run --quiet -- sleep 1000');
      await runOn(load, "kill -KILL $(grep -ls 'supervisor/main\\.[jt]s' /proc/[0-9]*/cmdline | cut -d/ -f3)");
      await until('the host has ended', async () => !load.isAlive());
      assert.ok(others.host('server').isAlive());
    } finally {
      await others.remove();
    }
  });

  const bad: readonly [string, number, RegExp][] = [
    ['systemd-run --unit=bad --scope -- true', 1, /unrecognized option '--scope'/],
    ['systemd-run --unit=bad --property=CPUQuota=5% -- true', 1, /unknown assignment: CPUQuota=5%/],
    ['systemd-run --unit=bad --property=CPUSchedulingPolicy=fifo -- true', 1, /CPUSchedulingPolicy=fifo/],
    ['systemd-run --unit=bad --property=LimitNOFILE=many -- true', 1, /LimitNOFILE=many/],
    ["systemd-run '--unit=bad;name' -- true", 1, /'bad;name' is not the name of a service/],
    ['systemd-run --unit=../bad -- true', 1, /'..\/bad' is not the name of a service/],
    ['systemd-run --unit=bad -- no-such-program', 1, /Failed to find executable no-such-program/],
    ['systemctl stop no-such-unit', 5, /Unit no-such-unit.service not loaded/],
    ['systemctl show --property=Nonsense bad', 1, /unknown property 'Nonsense'/],
    ['systemctl enable bad', 1, /unknown verb 'enable'/],
  ];
  for (const [script, code, message] of bad) {
    test(`fails '${script}' with what is wrong`, async () => {
      const outcome = await runOn(host, script);
      assert.equal(outcome.code, code);
      assert.match(outcome.stderr, message);
      assert.equal((await runOn(host, 'systemctl is-active bad')).stdout, 'inactive\n');
    });
  }
});
