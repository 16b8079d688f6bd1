#!/bin/sh
# All tests: the check, then everything that may run beside something else, and then what compares times and may not.
set -e
sh bin/check.sh
export NODE_COMPILE_CACHE="$PWD/node_modules/.cache/compiled"
status=0
run_tests() {
  node --test --test-timeout=900000 --test-force-exit --test-reporter=spec "$@" || status=1
}
run_tests --test-concurrency=2 'test/!(serial)/**/*.test.ts'
run_tests --test-concurrency=1 'test/serial/*.test.ts'
exit $status
