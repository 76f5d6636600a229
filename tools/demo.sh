#!/bin/sh
# Prepares and runs the demo: tools/demo.sh demo [--keep] | stop. Run as root.
# Says at once how long it takes; what builds its environment writes to LOG.
set -eu
cd "$(dirname "$0")/.."
LOG=.cache/log/demo.log

if [ -x .tox/cloud/bin/openstack ]; then
    [ "$1" = stop ] || echo "demo: takes about 4 minutes on two quiet cores"
elif [ "$1" = stop ]; then
    echo "demo: it has never run here"
    exit
else
    echo "demo: the first run takes about 8 minutes: packages and Python" \
        "environments 3, databases 1, the cloud 4, on two quiet cores; later" \
        "runs take 4"
fi
tools/setup.sh
tools/watched.sh "$LOG" "demo: building its environment" \
    .venv/bin/tox -e cloud --notest
exec .venv/bin/tox -q -e cloud --skip-pkg-install -- "$@"
