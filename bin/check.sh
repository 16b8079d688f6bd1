#!/bin/sh
# Format, lint (type-aware), types, unused exports and shell scripts: everything that can be told without running the lab.
set -eu
cd "$(dirname "$0")/.."
prettier --check --log-level warn .
oxlint --type-aware --deny-warnings
tsc --noEmit
# Installed before `npm run check`; a tree that is checked without npm may be older than it.
if command -v knip >/dev/null; then knip --no-progress; else echo 'check: knip is missing (npm ci): unused exports were not looked for' >&2; fi
sh bin/shellcheck.sh
echo 'check: format, lint, types and shell scripts are clean'
