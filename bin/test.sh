#!/bin/sh
# All tests: the check, then everything that may run beside something else, and then what compares times and may not.
set -e
sh bin/check.sh
export NODE_COMPILE_CACHE="$PWD/node_modules/.cache/compiled"
status=0
node --test --test-concurrency=2 --test-timeout=900000 --test-force-exit --test-reporter=spec 'test/!(alone)/**/*.test.ts' || status=1
node --test --test-concurrency=1 --test-timeout=900000 --test-force-exit --test-reporter=spec 'test/alone/*.test.ts' || status=1
exit $status
