#!/bin/sh
# shellcheck source=tests/integ/env.sh
# live.sh - the live channel as the trial in STACK had it, now with sign-in,
# topics and replay: 500 pages x 100 events/s through nginx, then 12,000
# connects and disconnects.  JSON lines.
. "${top_srcdir:-.}/tests/integ/env.sh"
env_start
env_migrate
env_api
wait_for 10 test -S "$T/run/live.sock" || bail "orch-live does not listen"
rss() { awk '/VmRSS/ {print $2}' "/proc/$(pgrep -P "$(env_pid orch-api)" -f orch-live)/status"; }
# A user may have 64 connections, so the pages belong to ten users.
n=${SUBSCRIBERS:-500}
i=0
tokens=
while [ "$i" -lt $(((n + 49) / 50)) ]; do
	i=$((i + 1))
	env_user "page$i" viewer
	login "page$i"
	api POST /api/v1/tokens '{"name":"bench","scopes":["read"],"expires_days":1}'
	tokens="$tokens $(body .token)"
done
# shellcheck disable=SC2086
set -- $tokens
echo "{\"bench\":\"live\",\"case\":\"memory\",\"idle_rss_kib\":$(rss)}"
"$top_builddir/tests/bench/bench_live" -a "unix:$T/nginx/http.sock" -d "$T/run" \
	-c "$(echo "$@" | tr ' ' ',')" -n "$n" -r "${RATE:-100}" -s "${SECONDS_EACH:-4}"
echo "{\"bench\":\"live\",\"case\":\"memory\",\"after_fan_out_rss_kib\":$(rss)}"
"$top_builddir/tests/bench/bench_live" -a "unix:$T/nginx/http.sock" -d "$T/run" -c "$1" -x "${CYCLES:-12000}"
echo "{\"bench\":\"live\",\"case\":\"memory\",\"after_churn_rss_kib\":$(rss)}"
