#!/bin/sh
# All tests: the check and everything that may run beside something else, and then what compares times and may not. Files that only compute
# share what they load and synthesize: one process for all takes half of the processor time that one for each does.
set -eu
export NODE_COMPILE_CACHE="$PWD/node_modules/.cache/compiled"
status=0
said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT
run_tests() {
  node --test --test-timeout=900000 --test-force-exit --test-reporter=spec "$@"
}
together='infra,text,results,documents,config,scale,run,calibration'
sh bin/check.sh >"$said/check" 2>&1 &
check=$!
run_tests --test-isolation=none "test/{$together}/**/*.test.ts" >"$said/together" 2>&1 &
one_process=$!
node test/run-files.ts "test/!(serial|$(echo "$together" | tr , '|'))/**/*.test.ts" || status=1
wait "$check" || status=1
wait "$one_process" || status=1
cat "$said/together" "$said/check"
run_tests --test-concurrency=1 'test/serial/*.test.ts' || status=1
exit $status
