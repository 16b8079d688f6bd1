import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { entriesInUse, hostEnvironment } from '../../../lib/local/hosts/host-environment.ts';

const nothingExists = (): boolean => false;

describe('the environment of a local host', () => {
  test('holds how the operator reaches registries, and nothing else of the operator', () => {
    const environment = hostEnvironment(
      {
        HOME: '/home/someone',
        PATH: '/usr/bin',
        https_proxy: 'http://proxy:3128',
        NODE_EXTRA_CA_CERTS: '/etc/ca.pem',
        npm_config_registry: 'https://mirror/npm',
        npm_config_prefix: '/home/someone/.local',
        npm_config_noproxy: '',
        GOPROXY: 'https://mirror/go',
        GOPATH: '/home/someone/go',
        AWS_SECRET_ACCESS_KEY: 'secret',
      },
      nothingExists,
    );
    assert.deepEqual(environment, {
      https_proxy: 'http://proxy:3128',
      NODE_EXTRA_CA_CERTS: '/etc/ca.pem',
      npm_config_registry: 'https://mirror/npm',
      GOPROXY: 'https://mirror/go',
      PATH: '/opt/c1mlab/bin:/usr/bin',
      LANG: 'C.UTF-8',
      LC_ALL: 'C.UTF-8',
      TMPDIR: '/opt/c1mlab/tmp',
    });
  });

  test('names the settings that npm and go would have found in the home folder', () => {
    const environment = hostEnvironment({ HOME: '/home/someone' }, () => true);
    assert.equal(environment['NPM_CONFIG_USERCONFIG'], '/home/someone/.npmrc');
    assert.equal(environment['GOENV'], '/home/someone/.config/go/env');
    assert.equal('HOME' in environment, false);
  });

  test('leaves settings alone that the operator has named already, in either case', () => {
    const environment = hostEnvironment({ HOME: '/home/someone', npm_config_userconfig: '/etc/npmrc' }, () => true);
    assert.equal(environment['npm_config_userconfig'], '/etc/npmrc');
    assert.equal('NPM_CONFIG_USERCONFIG' in environment, false);
  });
});

describe('entries of /tmp that stay visible on a host', () => {
  test('are those that a variable points into, once each', () => {
    const environment = {
      PATH: '/usr/bin:/tmp/go/bin:/tmp/go/tools:/tmp/node:relative:/tmp:/tmpfs/bin',
      SSL_CERT_FILE: '/tmp/ca.pem',
      HTTPS_PROXY: 'http://localhost:3128/tmp/no',
    };
    assert.deepEqual(entriesInUse('/tmp', environment), ['ca.pem', 'go', 'node']);
  });
});
