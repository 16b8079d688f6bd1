import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { listServers } from '../../../lib/config/servers.ts';
import { describeServer } from '../describe-server.ts';

// A file a server, so that they run beside each other; a server that has no file yet is tested here.
const servers = listServers(join(import.meta.dirname, '../../../assets/servers')).map(
  ({ description }) => description.name,
);
const own = basename(import.meta.filename);
const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts') && file !== own)
  .map((file) => basename(file, '.test.ts'));

test('every file here is for a server that there is', () => {
  assert.deepEqual(
    files.filter((name) => !servers.includes(name)),
    [],
  );
});

for (const name of servers) if (!files.includes(name)) await describeServer(name);
