#!/bin/sh
# Runs a command whose output goes to a log, and says every 10 s that it goes
# on: tools/watched.sh LOG WHAT COMMAND ...
set -u
log=$1 what=$2
shift 2
mkdir -p "$(dirname "$log")"
echo "$what (output in $log)"
started=$(date +%s)
echo "$ $*" >>"$log"
"$@" >>"$log" 2>&1 &
command=$!
trap 'kill $command 2>/dev/null' EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
next=10
while kill -0 $command 2>/dev/null; do
    sleep 1
    seconds=$(($(date +%s) - started))
    [ $seconds -lt $next ] || {
        echo "$what: $seconds s"
        next=$((seconds + 10))
    }
done
wait $command
status=$?
trap - EXIT
if [ $status -ne 0 ]; then
    echo "$what failed; the end of $log:" >&2
    tail -n 20 "$log" >&2
fi
exit $status
