import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

// What npm packs: dist/ is laid out as the project is, so that everything finds everything where it does in a clone. Node takes no
// TypeScript from node_modules, so bin/ and lib/ become JavaScript with types; assets/ goes along as it is, for hosts that run it.

const projectFolder = join(import.meta.dirname, '..');
const output = join(projectFolder, 'dist');
const leftOut = new Set(['node_modules', '.cache', '.git', 'target', 'dist', '__pycache__', '.DS_Store']);

rmSync(output, { recursive: true, force: true });
execFileSync('tsc', ['--project', join(projectFolder, 'tsconfig.build.json')], { stdio: 'inherit' });
cpSync(join(projectFolder, 'assets'), join(output, 'assets'), {
  recursive: true,
  filter: (path) => !leftOut.has(basename(path)) && !/\.(log|class)$/.test(path),
});
// Scripts, styles and pages that lie beside the code that reads them.
const benchmarks = join(projectFolder, 'lib/bench');
cpSync(join(projectFolder, 'lib'), join(output, 'lib'), {
  recursive: true,
  filter: (path) => path !== benchmarks && (statSync(path).isDirectory() || !path.endsWith('.ts')),
});
// `c1m up` runs the CDK command line there, as it does in a clone.
const cdk: object = JSON.parse(readFileSync(join(projectFolder, 'cdk.json'), 'utf8'));
writeFileSync(join(output, 'cdk.json'), JSON.stringify({ ...cdk, app: 'node bin/lab.js' }));
