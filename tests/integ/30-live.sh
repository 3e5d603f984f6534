#!/bin/sh
# shellcheck source=tests/integ/env.sh
# The live channel behind nginx: who gets in, who gets what, who is dropped.
. "${top_srcdir:-.}/tests/integ/env.sh"
client=$top_builddir/tests/integ/live_client
[ -x "$client" ] || skip_all "tests/integ/live_client is not built"
env_start
env_migrate
env_user anna trader
env_user otto trader
env_user root admin
env_set live_ping_interval 2
env_set live_ping_timeout 1
env_set live_max_message 64K
env_set cors_origins https://charts.example
env_api
wait_for 10 test -S "$T/run/live.sock" || bail "orch-live does not listen"
login otto
login root
login anna
cookie() { awk '$6 == "sid" {print "sid=" $7}' "$T/jar.$1"; }
uid() { sql "SELECT id FROM user WHERE name = '$1'"; }
anna=$(uid anna)
# live USER command...: as a page of ours
live() {
	live_user=$1
	shift
	"$client" -a "unix:$T/nginx/http.sock" -d "$T/run" -h "Cookie: $(cookie "$live_user")" \
		-h 'Origin: http://localhost' ${live_opt:-} "$@" 9>&-
}
raw() { "$client" -a "unix:$T/nginx/http.sock" -d "$T/run" "$@" 9>&-; }
c=$(cookie anna)
SUB='{"op":"sub","topics":["bot:7","bots"]}'

# -- who gets in
ok "a page with a session gets in" live anna status 101 send '{"op":"ping"}' expect '"op":"pong"'
ok "without a session: 401" raw -h 'Origin: http://localhost' status 401
ok "with a wrong one: 401" raw -h 'Origin: http://localhost' \
	-h 'Cookie: sid=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' status 401
ok "a page of another site: 403" raw -h "Cookie: $c" -h 'Origin: http://evil.example' status 403
ok "no Origin at all: 403" raw -h "Cookie: $c" status 403
ok "an origin of cors_origins gets in" raw -h "Cookie: $c" -h 'Origin: https://charts.example' status 101
api POST /api/v1/tokens '{"name":"t","scopes":["read"],"expires_days":1}'
ok "a program with a token gets in" raw -h "Authorization: Bearer $(body .token)" status 101 \
	send "$SUB" expect '"op":"ok"'

# -- who gets what
ok "an event reaches its owner" live anna send "$SUB" expect '"op":"ok"' \
	publish bot:7 fill "$anna" '{"qty":"1.5"}' \
	next '^\{"topic":"bot:7","id":[0-9]+,"type":"fill","data":\{"qty":"1.5"\}\}$' \
	publish bots state "$anna" '{"id":7}' next '"topic":"bots"'
ok "and nobody else" live otto send "$SUB" expect '"op":"ok"' \
	publish bot:7 fill "$anna" 1 publish bots state "$anna" 2 silent 500
ok "but administrators" live root send "$SUB" expect '"op":"ok"' \
	publish bot:7 fill "$anna" 1 expect '"type":"fill"' publish bots state "$anna" 2 expect '"bots"'
ok "what belongs to nobody is for all" live otto send '{"op":"sub","topics":["ticker:1","market:1:1h"]}' \
	expect ok publish ticker:1 ticker 0 '{"last":"1"}' expect '"ticker:1"' \
	publish market:1:1h candle 0 '{"t":1}' expect '"market:1:1h"'
ok "unsubscribed is silent" live anna send "$SUB" expect ok send '{"op":"unsub","topics":["bot:7"]}' \
	expect ok publish bot:7 fill "$anna" 1 silent 400

# -- who comes back
live anna send "$SUB" expect ok publish bot:7 fill "$anna" '"first"' expect first >"$T/first"
id=$(sed -n 's/.*"id":\([0-9]*\),"type":"fill","data":"first".*/\1/p' "$T/first")
raw -a none publish bot:7 fill "$anna" '"missed"' publish bot:7 fill "$anna" '"missed too"'
ok "who comes back gets what was missed, in order" live anna \
	send '{"op":"sub","topics":["bot:7"],"since":{"bot:7":'"$id"'}}' next '"op":"ok"' \
	next '"missed"' next '"missed too"' silent 300
ok "what is not there any more is called a gap" live anna \
	send '{"op":"sub","topics":["bot:7"],"since":{"bot:7":5}}' expect '"op":"gap","topic":"bot:7"'

# -- what a client may say
ok "no JSON is an error, and no end" live anna send 'hello' expect '"op":"error","code":"INVAL"' \
	send '{"op":"ping"}' expect pong
ok "nor an unknown topic" live anna send '{"op":"sub","topics":["secrets"]}' expect '"op":"error"'
ok "nor an unknown op" live anna send '{"op":"sing"}' expect '"op":"error"'
ok "nor topics that are no list" live anna send '{"op":"sub","topics":"bots"}' expect '"op":"error"'
ok "a message in pieces is put together" live anna pieces 7 "$SUB" expect '"op":"ok"' \
	publish bot:7 fill "$anna" 1 expect fill
ok "one over live_max_message ends the connection" live anna large 70000 closed 3000
like "with the code for that" "$(live anna large 70000 closed 3000)" 'closed 1009'
like "in pieces too" "$(live anna pieces 4096 "$(head -c 70000 /dev/zero | tr '\0' x)" closed 3000)" 'closed 1009'
like "binary is refused" "$(live anna binary x closed 3000)" 'closed 1003'

# -- who is dropped
live_opt=-P
ok "who answers no ping is dropped" live anna closed 6000
live_opt=
ok "who answers stays" live anna send "$SUB" expect ok silent 4500 send '{"op":"ping"}' expect pong
evicted() { curl -s --unix-socket "$T/nginx/http.sock" http://localhost/metrics | sed -n "s/^$1 //p"; }
rss() { awk '/VmRSS/ {print $2}' "/proc/$(pgrep -P "$(env_pid orch-api)" -f orch-live)/status"; }
rss0=$(rss)
big=$(head -c 20000 /dev/zero | tr '\0' 1)
live anna -q send "$SUB" wait 9000 >"$T/stalled" 2>&1 &
pid=$!
sleep 0.5
raw -a none flood 1500 bot:7 log "$anna" "\"$big\""
# By the full queue or, if that comes first, by the unanswered ping.
dropped() { [ "$(evicted 'live_clients{kind="websocket"}') $(evicted live_queued_events)" = "0 0" ]; }
ok "who does not read is dropped, and what waited with it" wait_for 8 dropped
wait "$pid"
rss1=$(rss)
diag "resident KiB before and after 30 MB of events: $rss0 $rss1"
ok "and costs no memory" test "$rss1" -lt $((rss0 + 60000))

login otto
live otto send "$SUB" expect ok closed 6000 >"$T/revoked" &
pid=$!
sleep 0.5
api POST /api/v1/logout
wait "$pid"
is "a session that ends ends its connection" "$?" 0

# -- server-sent events
sse() { curl -sN --max-time "$1" --unix-socket "$T/nginx/http.sock" -b "$c" "http://localhost/live/sse?$2" 9>&-; }
sse 2 'topics=bots,bot:7' >"$T/sse" &
pid=$!
sleep 0.7
raw -a none publish bot:7 fill "$anna" '{"n":1}'
wait "$pid"
like "events come by SSE too" "$(cat "$T/sse")" '^data: \{"topic":"bot:7","id":[0-9]+,"type":"fill","data":\{"n":1\}\}$'
id=$(sed -n 's/^id: //p' "$T/sse" | tail -n 1)
raw -a none publish bot:7 fill "$anna" '{"n":2}'
like "since works there" "$(sse 1 "topics=bot:7&since=bot:7:$id")" '"n":2'
like "and Last-Event-ID" "$(curl -sN --max-time 1 -H "Last-Event-ID: $id" --unix-socket "$T/nginx/http.sock" \
	-b "$c" "http://localhost/live/sse?topics=bot:7")" '"n":2'
is "no topics: 400" "$(curl -s -o /dev/null -w '%{http_code}' --max-time 2 -b "$c" \
	--unix-socket "$T/nginx/http.sock" http://localhost/live/sse)" 400
is "no session: 401" "$(curl -s -o /dev/null -w '%{http_code}' --max-time 2 \
	--unix-socket "$T/nginx/http.sock" 'http://localhost/live/sse?topics=bots')" 401
is "another path: 404" "$(curl -s -o /dev/null -w '%{http_code}' --max-time 2 -b "$c" \
	--unix-socket "$T/nginx/http.sock" http://localhost/live/other)" 404
sse 7 'topics=bots' >"$T/sse.long"
like "a silent stream is kept alive" "$(cat "$T/sse.long")" '"op":"ping"'

# -- the process itself
live_pid=$(pgrep -P "$(env_pid orch-api)" -f orch-live)
kill -KILL "$live_pid"
again() { live anna send '{"op":"ping"}' expect pong; }
ok "killed, it is there again" wait_for 10 again
is "it had lost no memory of its own: the board counts one restart" \
	"$(evicted 'process_restarts_total{role="live"}')" 1
live_pid=$(pgrep -P "$(env_pid orch-api)" -f orch-live)
kill -STOP "$live_pid"
sleep 0.2
kill -CONT "$live_pid"
ok "a stop and continue does no harm" again
as anna
api GET /api/v1/monitoring
like "monitoring knows it" "$(body '.live | keys | join(",")')" 'clients.*delivered.*topics'
done_testing
