#!/bin/sh
# shellcheck source=tests/integ/env.sh
# Workers under load: killed, replaced, too slow, too few.
. "${top_srcdir:-.}/tests/integ/env.sh"
env_dir
command -v nginx >/dev/null || skip_all "nginx is not installed"
command -v wrk >/dev/null || skip_all "wrk is not installed"
bench=$top_builddir/tests/bench/bench_fcgi
[ -x "$bench" ] || skip_all "tests/bench/bench_fcgi is not built"
port=$((20000 + $$ % 10000))
env_set port "$port"
env_set request_timeout 2
env_set rate_limit_per_minute 1000000
env_set rate_limit_burst 1000000
ORCH_DATADIR=$top_srcdir orchctl nginx 2>/dev/null
# One address plays many.
sed -i 's/limit_conn conns 40/limit_conn conns 5000/' "$T/nginx/nginx.conf"
env_spawn nginx nginx -p "$T/nginx" -c "$T/nginx/nginx.conf" -g 'daemon off;'
env_spawn bench "$bench" -c "$T/orch.conf" -w 4 -t 2500
url=http://127.0.0.1:$port
wait_for 10 curl -sf "$url/api/hello" || bail "no answer"
workers() { pgrep -P "$(env_pid bench)"; }
bad() { sed -n 's/.*Non-2xx or 3xx responses: *//p' "$1"; }
load() {	# seconds connections path log
	wrk -t1 -c"$2" -d"$1" "$url$3" >"$4" 2>&1 9>&-
}
none() { is "$1: no connection is refused or broken off" "$(grep -c 'Socket errors' "$2")" 0; }

# -- SIGKILL: each loses at most the request it was working on
load 4 32 /api/hello "$T/kill" &
pid=$!
killed=0
sleep 0.3
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
	victim=$(workers | awk -v n="$i" '{v[NR] = $1} END {print v[n % NR + 1]}')
	[ -n "$victim" ] && kill -KILL "$victim" && killed=$((killed + 1))
	sleep 0.2
done
wait "$pid"
lost=$(bad "$T/kill")
diag "$killed workers killed, ${lost:-0} requests lost, $(grep Requests/sec "$T/kill")"
ok "$killed killed workers lose at most $killed requests" test "${lost:-0}" -le "$killed"
none "killed workers" "$T/kill"
is "they were replaced" "$(workers | wc -l)" 4

# -- SIGHUP loses none
before=$(workers | tr '\n' ' ')
load 4 32 /api/hello "$T/hup" &
pid=$!
sleep 0.3
for i in 1 2 3 4 5 6 7 8 9 10; do
	kill -HUP "$(env_pid bench)"
	sleep 0.3
done
wait "$pid"
diag "$(grep Requests/sec "$T/hup")"
is "ten new generations under load lose no request" "$(bad "$T/hup")" ""
none "new generations" "$T/hup"
isnt "the processes are others" "$(workers | tr '\n' ' ')" "$before"
four() { [ "$(workers | wc -l)" = 4 ]; }
ok "and as many as before" wait_for 5 four

# -- too slow: 504, and its worker goes
slow=$(curl -s -o "$T/slow" -w '%{http_code} %{content_type} %{time_total}' "$url/api/sleep?60000")
like "a request over request_timeout is answered 504" "$slow" '^504 application/problem\+json'
is "in the form of the API" "$(jq -r '.status, .code' "$T/slow" | tr '\n' ' ')" "504 TIMEOUT "
like "in time" "${slow##* }" '^[23]\.'
dead() { grep -q 'over the deadline' "$T/log/bench.log"; }
ok "and its worker is ended" wait_for 5 dead
ok "and another takes its place" wait_for 5 four
is "a crash is 502 in that form" "$(curl -s -o "$T/crash" -w '%{http_code} %{content_type}' "$url/api/crash")" \
	"502 application/problem+json"

# -- more at once than workers: they wait their turn
load 3 512 /api/hello "$T/many"
diag "$(grep Requests/sec "$T/many")"
is "512 connections, 4 workers: all are answered" "$(bad "$T/many")" ""
none "512 connections" "$T/many"

# -- bodies that nobody reads
head -c 200000 /dev/zero >"$T/body200k"
cat >"$T/post.lua" <<LUA
local f = io.open("$T/body200k", "rb")
wrk.method = "POST"
wrk.body = f:read("*a")
LUA
wrk -t1 -c16 -d2 -s "$T/post.lua" "$url/api/ignore" >"$T/ignore" 2>&1 9>&-
diag "$(grep Requests/sec "$T/ignore")"
is "bodies nobody reads cost no answer" "$(bad "$T/ignore")" ""
none "bodies nobody reads" "$T/ignore"
is "a body over max_body is 413 in that form" \
	"$(head -c 300000 /dev/zero | curl -s -o "$T/big" -w '%{http_code} %{content_type}' --data-binary @- "$url/api/echo")" \
	"413 application/problem+json"

# -- it drains on SIGTERM
curl -s -o "$T/drain" -w '%{http_code}' "$url/api/sleep?1600" >"$T/drain.code" 9>&- &
pid=$!
sleep 0.8	# a busy machine needs a moment to begin it
kill -TERM "$(env_pid bench)"
wait "$pid"
is "SIGTERM lets a request finish" "$(cat "$T/drain.code")" 200
ended() { ! kill -0 "$(env_pid bench)" 2>/dev/null; }
ok "then all is gone" wait_for 5 ended
is "and away is 502 in that form" "$(curl -s -o /dev/null -w '%{http_code} %{content_type}' "$url/api/hello")" \
	"502 application/problem+json"
done_testing
