#!/bin/sh
# All tests: the check, then everything that may run beside something else, and then what compares times and may not. Most files wait
# most of the time, for lines, deadlines and silences, so that more of them than processors run beside each other. Those of lib/infra
# share what they load and synthesize: one process for all takes half of the processor time that one for each does.
set -e
sh bin/check.sh
export NODE_COMPILE_CACHE="$PWD/node_modules/.cache/compiled"
status=0
run_tests() {
  node --test --test-timeout=900000 --test-force-exit --test-reporter=spec "$@"
}
said=$(mktemp)
trap 'rm -f "$said"' EXIT
run_tests --test-isolation=none 'test/infra/**/*.test.ts' >"$said" 2>&1 &
infra=$!
run_tests --test-concurrency=3 'test/!(serial|infra)/**/*.test.ts' || status=1
wait "$infra" || status=1
cat "$said"
run_tests --test-concurrency=1 'test/serial/*.test.ts' || status=1
exit $status
