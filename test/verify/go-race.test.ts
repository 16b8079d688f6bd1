import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readServer } from '../../lib/config/servers.ts';
import { missingToolchain, type BuiltServer } from '../../lib/verify/built-server.ts';
import { allPromises } from '../../lib/verify/promises/all-promises.ts';
import { Verification } from '../../lib/verify/verification.ts';

const root = join(import.meta.dirname, '../..');

/** The promises in which several connections have to do with each other. */
const promises = allPromises.filter(({ name }) => /^(publish|stuck|short|echoes|answers|stops$)/.test(name));

/** Why the race detector cannot be built in, or null: it needs a C compiler. */
function missingCompiler(): string | null {
  const compiler = process.env['CC'] ?? 'gcc';
  return spawnSync(compiler, ['--version']).status === 0
    ? null
    : `${compiler} is not installed, which go build -race needs`;
}

for (const name of ['go', 'go-epoll']) {
  const source = join(root, 'assets/servers', name);
  const missing = missingToolchain(source) ?? missingCompiler();
  describe(`server ${name} has no data race that Go's detector sees`, { skip: missing ?? false }, () => {
    const build = join(root, '.cache/servers', `${name}-race`);
    const reports = mkdtempSync(join(tmpdir(), 'c1m-race-'));
    let verification: Verification | undefined;

    before(() => {
      mkdirSync(build, { recursive: true });
      const result = spawnSync('go', ['build', '-race', '-o', join(build, 'server'), '.'], {
        cwd: source,
        env: {
          ...process.env,
          HOME: join(root, '.cache/home'),
          CGO_ENABLED: '1',
          GOTOOLCHAIN: process.env['GOTOOLCHAIN'] ?? 'auto',
          GOFLAGS: '-mod=readonly -buildvcs=false -modcacherw',
        },
        encoding: 'utf8',
      });
      assert.equal(result.status, 0, result.stderr);
      assert.ok(existsSync(join(build, 'server')));
      const { description } = readServer(source);
      // Go's runtime takes its flags from the environment, and so does the detector.
      const flags = [`GORACE=log_path=${reports}/race`];
      const preset = { flags, note: 'race detector' };
      const server: BuiltServer = {
        source,
        build,
        description: { ...description, memoryPresets: { article: preset, modern: preset, small: preset } },
      };
      verification = new Verification(server);
    });

    for (const promise of promises) {
      test(promise.name, async () => {
        const outcome = await verification?.check(promise);
        assert.equal(outcome?.result, 'kept', outcome?.detail);
      });
    }

    test('the detector has reported nothing', async () => {
      await verification?.close();
      const texts = readdirSync(reports).map((file) => readFileSync(join(reports, file), 'utf8'));
      assert.deepEqual(texts, []);
    });

    after(async () => {
      await verification?.close();
      rmSync(reports, { recursive: true, force: true });
    });
  });
}
