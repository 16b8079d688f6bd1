#!/bin/sh
# Format, lint (type-aware), types, unused exports and shell scripts: everything that can be told without running the lab.
set -eu
cd "$(dirname "$0")/.."
prettier --check --log-level warn .
oxlint --type-aware --deny-warnings
tsc --noEmit
knip --no-progress
sh bin/shellcheck.sh
echo 'check: format, lint, types and shell scripts are clean'
