#!/bin/sh
# Checks the steps on numbers that are known: `sh test.sh`
set -eu
cd "$(dirname "$0")"

is() { # WHAT EXPECTED ACTUAL
  if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "not ok: $1: '$3', not '$2'"; exit 1; fi
}

thrown=$(awk -v sides=4 -v seed=1 -v throws=100 -f steps/throw.awk)
is 'a die has a line per side' 4 "$(echo "$thrown" | wc -l | tr -d ' ')"
is 'every throw is counted' 100 "$(echo "$thrown" | awk -F, '{ sum += $4 } END { print sum }')"
is 'the same seed throws the same' "$thrown" "$(awk -v sides=4 -v seed=1 -v throws=100 -f steps/throw.awk)"
worst=$(printf '6,1,1,12,10\n6,1,2,9,10\n20,1,1,15,10\n' | awk -f steps/worst.awk)
is 'the worst share is found for each die' '{"worst_of_6": 1.2000, "worst_of_20": 1.5000}' "$worst"
