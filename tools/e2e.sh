#!/bin/bash
# e2e.sh DIR - start the product with ./quickstart in a state directory of its
# own, run the browser tests against it, stop it.  DIR keeps logs and screenshots.
set -u
cd "$(dirname "$0")/.." || exit 1
dir=$1
rm -rf "$dir"
mkdir -p "$dir" || exit 1
# unix socket paths are short: the state lives under the system's temp folder
ORCH_STATE=$(mktemp -d "${TMPDIR:-/tmp}/orch-e2e.XXXXXX") || exit 1
ORCH_PORT=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])' 2>/dev/null) ||
	ORCH_PORT=$((20000 + $$ % 10000))
export ORCH_STATE ORCH_PORT
setsid ./quickstart >"$dir/quickstart.log" 2>&1 </dev/null &
pid=$!
finish() {
	kill -TERM "$pid" 2>/dev/null
	wait "$pid"
	cp -r "$ORCH_STATE/log" "$dir/state-log" 2>/dev/null
	rm -rf "$ORCH_STATE"
}
trap finish EXIT
for _ in $(seq 1 3000); do
	grep -q '^ *Password' "$dir/quickstart.log" && break
	kill -0 "$pid" 2>/dev/null || { cat "$dir/quickstart.log"; echo "quickstart ended"; exit 1; }
	sleep 0.2
done
ORCH_URL=http://127.0.0.1:$ORCH_PORT
ORCH_USER="admin"
ORCH_PASSWORD=$(awk '/^ *Password/ {print $2}' "$dir/quickstart.log")
ORCH_SHOTS=$dir/screenshots
ORCHCTL="${ORCH_BUILD:-$PWD/build}/root/bin/orchctl -c $ORCH_STATE/orch.conf"
export ORCH_URL ORCH_USER ORCH_PASSWORD ORCH_SHOTS ORCHCTL
(cd web && npm run e2e)
