#!/bin/sh
# shellcheck source=tests/integ/env.sh
# /metrics of a running host: clean for promtool, complete, for loopback only.
. "${top_srcdir:-.}/tests/integ/env.sh"
env_start
env_migrate
env_user anna trader
env_set metrics_allow '127.0.0.0/8, ::1'
env_api
login anna
api GET /api/v1/me
api GET /api/v1/sessions
as_nobody
api GET /api/v1/me
api GET /api/v1/bots/12345678
api GET /metrics
is "metrics answer" "$STATUS" 200
cp "$T/body" "$T/metrics"

# promtool comes from Debian's package, which is not installed for it.
promtool=$(command -v promtool || :)
if [ -z "$promtool" ]; then
	(cd "$T" && apt-get download prometheus >"$T/apt.log" 2>&1 &&
		dpkg -x prometheus_*.deb prometheus) && promtool=$T/prometheus/usr/bin/promtool
fi
if [ -n "$promtool" ]; then
	out=$("$promtool" check metrics <"$T/metrics" 2>&1)
	is "promtool finds nothing to say" "$?:$out" "0:"
elif [ "${ORCH_REQUIRE_INTEG:-0}" = 1 ]; then
	tap 1 "promtool finds nothing to say"
	diag "promtool cannot be had: $(tail -n 1 "$T/apt.log")"
else
	echo "ok $((tap_n += 1)) - promtool finds nothing to say # SKIP cannot be had"
fi

like "requests are counted by template" "$(cat "$T/metrics")" \
	'^http_requests_total\{method="GET",route="/api/v1/me",code="200"\} 1$'
like "refusals have their code" "$(cat "$T/metrics")" \
	'^http_requests_total\{method="GET",route="/api/v1/me",code="401"\} 1$'
is "no raw path is a label" "$(grep -c 12345678 "$T/metrics")" 0
like "statements are timed" "$(cat "$T/metrics")" '^db_query_duration_seconds_count [1-9]'
like "workers have memory" "$(cat "$T/metrics")" '^process_resident_memory_bytes\{role="worker"\} [1-9][0-9]{6}'
like "and states" "$(cat "$T/metrics")" '^processes\{role="worker",state="idle"\} [1-9]'

env_set metrics_allow 192.0.2.0/24
orchctl nginx 2>/dev/null
sed -i '/allow unix:/d' "$T/nginx/nginx.conf"
kill -HUP "$(env_pid nginx)"
refused() { api GET /metrics && [ "$STATUS" = 403 ]; }
ok "another address is refused by nginx" wait_for 5 refused
sed -i 's/deny all;//; s/allow 192.0.2.0.24;//' "$T/nginx/nginx.conf"
kill -HUP "$(env_pid nginx)"
kill -HUP "$(env_pid orch-api)"
sleep 1
# 403 from the API itself now, in its own form.
own() { api GET /metrics && [ "$STATUS" = 403 ] && [ "$(body .code)" = DENIED ]; }
ok "and, were nginx wrong, by the API" wait_for 10 own
env_set metrics_allow 127.0.0.0/8
env_set enable_prometheus false
kill -HUP "$(env_pid orch-api)"
gone() { api GET /metrics && [ "$STATUS" = 404 ]; }
ok "enable_prometheus = false: there is nothing" wait_for 10 gone
done_testing
