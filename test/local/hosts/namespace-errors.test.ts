import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LabError } from '../../../lib/config/lab-error.ts';
import type { NamespaceFacts } from '../../../lib/local/hosts/namespace-facts.ts';
import { preflightError, namespaceError } from '../../../lib/local/hosts/namespace-errors.ts';

/** A machine on which hosts can be made. */
const allowed: NamespaceFacts = {
  platform: 'linux',
  isRoot: false,
  programs: {
    bash: '/usr/bin/bash',
    unshare: '/usr/bin/unshare',
    nsenter: '/usr/bin/nsenter',
    setsid: '/usr/bin/setsid',
    mount: '/usr/bin/mount',
    ip: '/usr/sbin/ip',
  },
  hasOpt: true,
  hasUserNamespaces: true,
  maxUserNamespaces: 96_365,
  maxNetNamespaces: 96_365,
  unprivilegedClone: null,
  apparmorRestricts: null,
  processesLeft: null,
  inContainer: false,
};

function assertTrouble(error: LabError | undefined, message: RegExp, hint: RegExp): void {
  assert.equal(error?.code, 'environment');
  assert.match(error.message, message);
  assert.match(error.hint, hint);
  assert.doesNotMatch(`${error.message}${error.hint}`, /\n/, 'two lines, one each');
}

describe('trouble that can be told before anything is tried', () => {
  test('there is none on a machine that has everything', () => {
    assert.equal(preflightError(allowed), undefined);
  });

  test('fails on another system, and says where the lab runs', () => {
    assertTrouble(preflightError({ ...allowed, platform: 'darwin' }), /darwin/, /Linux.*cdk deploy C1mLab/);
  });

  test('fails without the programs it needs, and says how to install them', () => {
    const { ip: _ip, nsenter: _nsenter, ...programs } = allowed.programs;
    assertTrouble(
      preflightError({ ...allowed, programs }),
      /needs nsenter, ip, which are not on the PATH/,
      /apt-get install util-linux iproute2 .*dnf install util-linux iproute /,
    );
  });

  test('fails without /opt', () => {
    assertTrouble(preflightError({ ...allowed, hasOpt: false }), /\/opt/, /sudo mkdir \/opt/);
  });
});

describe('why namespaces could not be made', () => {
  const refused = 'unshare: unshare failed: Operation not permitted\n';
  const cases: readonly [string, Partial<NamespaceFacts>, string, RegExp, RegExp][] = [
    [
      'user namespaces are switched off',
      { maxUserNamespaces: 0 },
      'unshare: unshare failed: No space left on device',
      /user\.max_user_namespaces is 0/,
      /sudo sysctl -w user\.max_user_namespaces=\d+; or run/,
    ],
    [
      'user namespaces are for root only',
      { unprivilegedClone: 0 },
      refused,
      /kernel\.unprivileged_userns_clone is 0/,
      /sudo sysctl -w kernel\.unprivileged_userns_clone=1/,
    ],
    [
      'AppArmor restricts user namespaces',
      { apparmorRestricts: 1 },
      'unshare: write failed /proc/self/uid_map: Operation not permitted',
      /kernel\.apparmor_restrict_unprivileged_userns is 1/,
      /sudo sysctl -w kernel\.apparmor_restrict_unprivileged_userns=0/,
    ],
    ['the kernel has no user namespaces', { hasUserNamespaces: false }, refused, /no user namespaces/, /as root/],
    ["a container's filter refuses them", { inContainer: true }, refused, /this container/, /docker run --privileged/],
    ['root lacks the capability', { isRoot: true }, refused, /does not allow namespaces/, /CAP_SYS_ADMIN/],
    [
      'network namespaces are switched off',
      { maxNetNamespaces: 0, isRoot: true },
      'unshare: unshare failed: No space left on device',
      /user\.max_net_namespaces is 0/,
      /sudo sysctl -w user\.max_net_namespaces=/,
    ],
    [
      'there are too many namespaces',
      {},
      'unshare: unshare failed: No space left on device',
      /limit of namespaces/,
      /sudo sysctl -w user\.max_user_namespaces=/,
    ],
    [
      'the kernel lacks modules',
      {},
      'Error: Unknown device type.',
      /no bridge or veth/,
      /sudo modprobe -a bridge veth/,
    ],
    ['nobody knows', {}, 'what?', /could not be made \(what\?\)/, /unshare --user/],
  ];
  for (const [name, facts, complaint, message, hint] of cases) {
    test(`fails because ${name}`, () => {
      assertTrouble(namespaceError({ ...allowed, ...facts }, complaint), message, hint);
    });
  }

  test('settings for ordinary users are no reason when root fails', () => {
    const error = namespaceError({ ...allowed, isRoot: true, apparmorRestricts: 1, maxUserNamespaces: 0 }, refused);
    assert.doesNotMatch(error.hint, /apparmor|max_user/);
  });
});
