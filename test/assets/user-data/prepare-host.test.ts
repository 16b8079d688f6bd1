import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { hostEnvFile } from '../../../lib/config/host/host-env-file.ts';
import { hostsOf } from '../../../lib/config/hosts.ts';
import { articleLab } from '../../../lib/config/lab.ts';
import { tuningFile } from '../../../lib/config/host/tuning.ts';
import { backendEnvFile } from '../../../lib/infra/hosts/user-data.ts';

const assets = join(import.meta.dirname, '../../../assets');
const canMount =
  spawnSync('unshare', [
    '-Urnm',
    'bash',
    '-ec',
    'for folder in /opt /etc/systemd /etc/sysctl.d; do mount -t tmpfs none "$folder"; done; ip link add probe type veth',
  ]).status === 0;
const options = canMount ? {} : { skip: 'prepare-host: no user namespaces with mounts and veth here' };

/** Settings that belong to a network namespace; the others are the machine's, and no test may write them. */
const ownSettings =
  /^\w+ net\.(core\.somaxconn|ipv4\.(ip_local_\w+|tcp_[rw]mem|tcp_max_syn_backlog|tcp_syn(ack)?_retries)) /;

describe('prepare-host', () => {
  /** Runs it as root of a namespace whose /opt, /etc/systemd and /etc/sysctl.d are empty, then prints what `look` prints. */
  function prepareHost(context: TestContext, look: string, { typescript = 'strip', symbols = '' } = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'c1mlab-prepare-'));
    context.after(() => rmSync(folder, { recursive: true, force: true }));
    const bin = join(folder, 'bin');
    mkdirSync(bin);
    // Only what a machine under test must not do, or does not have, is not the real thing.
    for (const [name, script] of [
      ['dnf', 'echo "dnf $*"'],
      ['systemctl', 'echo "systemctl $*"'],
      ['node-24', `case $1 in --version) echo v24.0.0 ;; *) echo ${typescript} ;; esac ${symbols}`],
      ['npm-24', 'true'],
      ['shutdown', 'echo "shutdown $*"'],
    ] as const) {
      writeFileSync(join(bin, name), `#!/bin/bash\n${script}\n`);
      chmodSync(join(bin, name), 0o755);
    }
    const host = hostsOf(articleLab).find(({ role }) => role === 'load');
    assert.ok(host !== undefined);
    writeFileSync(join(folder, 'host.env'), hostEnvFile(articleLab, host));
    writeFileSync(join(folder, 'backend.env'), backendEnvFile(articleLab, 's3://bucket/runs'));
    const settings = tuningFile(articleLab, host)
      .split('\n')
      .filter((line) => ownSettings.test(line));
    writeFileSync(join(folder, 'tuning.conf'), `${settings.join('\n')}\n`);
    const commands = [
      'for folder in /opt /etc/systemd /etc/sysctl.d; do mount -t tmpfs none "$folder"; done',
      'mkdir -p /opt/c1mlab/{assets,bin} /etc/systemd/system',
      `mount --bind '${assets}' /opt/c1mlab/assets`,
      `cp '${folder}'/{host.env,backend.env,tuning.conf} /opt/c1mlab/`,
      'ip link add eth9 type veth peer name eth8',
      'ip link set eth9 up',
      ...[host.address, ...host.secondaryAddresses].map((address) => `ip address add ${address}/20 dev eth9`),
      'echo 70000 >/proc/sys/net/core/somaxconn',
      '/opt/c1mlab/assets/user-data/prepare-host',
      look,
    ];
    return spawnSync('unshare', ['-Urnm', 'bash', '-ec', commands.join('\n')], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${bin}:/usr/sbin:/sbin:/usr/bin:/bin` },
    });
  }

  test('puts the tuning in force, keeps it for later boots, and lowers nothing', options, (context) => {
    const { stdout, stderr, status } = prepareHost(
      context,
      `echo ---; cat /etc/sysctl.d/99-c1mlab.conf
       echo ---; sysctl -n net.ipv4.ip_local_port_range net.ipv4.ip_local_reserved_ports net.ipv4.tcp_wmem net.core.somaxconn net.ipv4.tcp_syn_retries`,
    );
    assert.equal(status, 0, stderr);
    const [, file = '', values] = stdout.split('---\n');
    assert.match(file, /^net\.core\.somaxconn = 70000$/m);
    assert.match(file, /^net\.ipv4\.tcp_wmem = 4096 87380 4161536$/m);
    assert.equal(values, '1024\t65535\n8088-8343\n4096\t87380\t4161536\n70000\n6\n');
  });

  test('gives what systemd starts two million descriptors, and every boot an end', options, (context) => {
    const { stdout, stderr, status } = prepareHost(
      context,
      'echo ---; cat /etc/systemd/system.conf.d/99-c1mlab.conf /etc/systemd/system/c1mlab-lifetime.service',
    );
    assert.equal(status, 0, stderr);
    const [calls = '', units = ''] = stdout.split('---\n');
    assert.match(units, /^DefaultLimitNOFILE=2000000\nDefaultTasksMax=infinity$/m);
    assert.match(units, /^ExecStart=\/opt\/c1mlab\/assets\/user-data\/renew-lifetime$/m);
    assert.match(calls, /^systemctl enable --quiet c1mlab-lifetime\.service$/m);
    assert.match(calls, /^systemctl daemon-reexec$/m);
  });

  test('installs Node and links it where the host commands look for it', options, (context) => {
    const { stdout, status } = prepareHost(
      context,
      'echo ---; /opt/c1mlab/bin/node --version; test -x /opt/c1mlab/bin/npm',
    );
    assert.equal(status, 0);
    assert.match(stdout, /^dnf install --assumeyes --quiet nodejs24 nodejs24-npm$/m);
    assert.match(stdout, /---\nv24\.0\.0\n$/);
    assert.match(stdout, /^the load interface is eth9$/m);
  });

  test('refuses a Node that does not run TypeScript, in one line', options, (context) => {
    const { stderr, status } = prepareHost(context, 'true', { typescript: 'false' });
    assert.equal(status, 1);
    assert.match(
      stderr,
      /^\S+node-24 does not run TypeScript: process\.features\.typescript must be strip or transform; .*$/m,
    );
  });

  test('warns of a Node without the symbols of OpenSSL, in a line each', options, (context) => {
    const without = prepareHost(context, 'true');
    assert.equal(without.status, 0);
    for (const symbol of ['SSL_new', 'EVP_EncryptInit_ex']) {
      assert.match(
        without.stderr,
        new RegExp(`^warning: \\S+ exports no ${symbol}: this host cannot open wss://`, 'm'),
      );
    }
    // Names of symbols are kept between zero bytes.
    const exported = prepareHost(context, 'true', { symbols: '\n#\0SSL_new\0EVP_EncryptInit_ex\0' });
    assert.equal(exported.status, 0);
    assert.doesNotMatch(exported.stderr, /warning/);
  });

  test('lets a run extend the host’s lifetime by the whole of it', options, (context) => {
    const { stdout, status } = prepareHost(context, 'echo ---; /opt/c1mlab/assets/user-data/renew-lifetime');
    assert.equal(status, 0);
    assert.match(stdout, /---\nshutdown -h \+240 The lab host has lived its hours\.\n$/);
  });
});
