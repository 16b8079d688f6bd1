import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { hostsOf } from '../../../lib/config/hosts.ts';
import { articleLab } from '../../../lib/config/lab.ts';
import { tuningFile, tuningOf } from '../../../lib/config/host/tuning.ts';

const scripts = join(import.meta.dirname, '../../../assets/user-data');

function temporaryFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'c1mlab-user-data-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('sysctl-file', () => {
  /** Runs it on a tuning file and the kernel settings of a temporary folder. */
  function sysctlFile(context: TestContext, tuning: string, settings: Readonly<Record<string, string>>) {
    const folder = temporaryFolder(context);
    for (const [key, value] of Object.entries(settings)) {
      const file = join(folder, 'sys', ...key.split('.'));
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, `${value}\n`);
    }
    writeFileSync(join(folder, 'tuning.conf'), tuning);
    return spawnSync(join(scripts, 'sysctl-file'), [join(folder, 'tuning.conf'), join(folder, 'sys')], {
      encoding: 'utf8',
    });
  }

  test('keeps every number that is higher already, and raises the others', (context) => {
    const { stdout, status } = sysctlFile(
      context,
      'atleast net.ipv4.tcp_mem = 786432 2097152 3145728\natleast fs.nr_open = 2000000\nset net.core.a = 5\n',
      { 'net.ipv4.tcp_mem': '188000\t2500000\t376000', 'fs.nr_open': '1073741816', 'net.core.a': '9' },
    );
    assert.equal(stdout, 'net.ipv4.tcp_mem = 786432 2500000 3145728\nfs.nr_open = 1073741816\nnet.core.a = 5\n');
    assert.equal(status, 0);
  });

  test('takes a value as large as systemd sets fs.file-max to', (context) => {
    const { stdout } = sysctlFile(context, 'atleast fs.file-max = 2000000\n', { 'fs.file-max': '9223372036854775807' });
    assert.equal(stdout, 'fs.file-max = 9223372036854775807\n');
  });

  test('names a setting that the kernel does not have, and goes on', (context) => {
    const { stdout, stderr, status } = sysctlFile(context, 'set net.no = 1\nset net.yes = 1\n', { 'net.yes': '0' });
    assert.deepEqual([stdout, stderr, status], ['net.yes = 1\n', 'this kernel has no net.no\n', 0]);
  });

  test('fails on an operator it does not know', (context) => {
    const { stderr, status } = sysctlFile(context, 'atmost net.yes = 1\n', { 'net.yes': '0' });
    assert.equal(status, 1);
    assert.match(stderr, /must be set or atleast, got 'atmost'/);
  });

  test("writes every setting of a real host's tuning file", (context) => {
    const [server] = hostsOf(articleLab);
    assert.ok(server !== undefined);
    const settings = tuningOf(articleLab, server);
    const { stdout } = sysctlFile(
      context,
      tuningFile(articleLab, server),
      Object.fromEntries(settings.map(({ key }) => [key, '1 1 1'])),
    );
    assert.equal(stdout, settings.map(({ key, value }) => `${key} = ${value}\n`).join(''));
  });
});

describe('wait-addresses', () => {
  const noNamespace =
    spawnSync('unshare', ['-Urn', 'ip', 'link', 'add', 'probe', 'type', 'veth']).status === 0
      ? undefined
      : 'wait-addresses: no user namespaces with ip(8) and veth here';

  /** Runs it in a network namespace with an interface that has these addresses. */
  function waitAddresses(addresses: readonly string[], seconds: number) {
    const commands = [
      'ip link add load0 type veth peer name load1',
      'ip link set load0 up',
      ...addresses.map((address) => `ip address add ${address} dev load0`),
      `'${join(scripts, 'wait-addresses')}' ${seconds}`,
    ];
    return spawnSync('unshare', ['-Urn', 'bash', '-ec', commands.join('\n')], {
      encoding: 'utf8',
      env: { ...process.env, C1M_ADDRESS: '10.42.17.10', C1M_SOURCE_ADDRESSES: '10.42.17.11 10.42.17.12' },
    });
  }
  const options = noNamespace === undefined ? {} : { skip: noNamespace };

  test('prints the interface that has every address, whatever it is called', options, () => {
    const { stdout, status, stderr } = waitAddresses(['10.42.17.10/20', '10.42.17.11/32', '10.42.17.12/32'], 5);
    assert.deepEqual([stdout, status], ['load0\n', 0], stderr);
  });

  test('fails at its deadline, with the addresses that are missing', options, () => {
    const { stderr, status } = waitAddresses(['10.42.17.10/20', '10.42.17.12/32'], 0);
    assert.deepEqual([stderr, status], ["this host's load interface lacks 10.42.17.11\n", 1]);
  });
});

describe('address-refresh', () => {
  /** Runs it beside a systemctl that knows two timers and writes down what it is told. */
  function addressRefresh(context: TestContext, verb: string) {
    const folder = temporaryFolder(context);
    const calls = join(folder, 'calls');
    writeFileSync(calls, '');
    writeFileSync(
      join(folder, 'systemctl'),
      `#!/bin/bash
if [ "$1" = list-units ]; then
  printf '%s loaded active waiting\\n' refresh-policy-routes@ens5.timer refresh-policy-routes@ens6.timer
else
  echo "$*" >>'${calls}'
fi
`,
    );
    chmodSync(join(folder, 'systemctl'), 0o755);
    const result = spawnSync(join(scripts, 'address-refresh'), [verb], {
      encoding: 'utf8',
      env: { PATH: `${folder}:/usr/bin:/bin` },
    });
    return { ...result, calls: readFileSync(calls, 'utf8') };
  }

  test('stops and starts the timer of every interface', (context) => {
    for (const verb of ['stop', 'start']) {
      assert.equal(
        addressRefresh(context, verb).calls,
        `${verb} refresh-policy-routes@ens5.timer\n${verb} refresh-policy-routes@ens6.timer\n`,
      );
    }
  });

  test('fails on anything else, and touches nothing', (context) => {
    const { status, stderr, calls } = addressRefresh(context, 'mask; reboot');
    assert.deepEqual([status, calls], [2, '']);
    assert.match(stderr, /usage: address-refresh stop\|start, got 'mask; reboot'/);
  });
});
