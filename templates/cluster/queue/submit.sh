#!/bin/sh
# A queue of one host: it begins each job at once, in the background, and prints its number.
#   sh queue/submit.sh SCRIPT OUTPUT
nohup sh "$1" > "$2" 2>&1 < /dev/null &
echo $!
