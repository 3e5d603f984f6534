#!/bin/sh
# The rate limit is shared by all workers; the database goes away and comes
# back under load.
# shellcheck source=tests/integ/env.sh
. "${top_srcdir:-.}/tests/integ/env.sh"

env_start
env_set workers 4
env_set rate_limit_per_minute 60
env_set rate_limit_burst 30
env_set db_timeout 3
env_migrate
env_user anna trader
env_user bert trader
env_api
login anna || bail "cannot sign in"
login bert || bail "cannot sign in"
as anna

n200=0
n429=0
i=0
while [ $i -lt 40 ]; do
	i=$((i + 1))
	api GET /api/v1/me
	case $STATUS in 200) n200=$((n200 + 1)) ;; 429) n429=$((n429 + 1)) ;; esac
done
# A token a second comes back while the calls are made.
is "four workers share one bucket of 30" \
	"$([ $n200 -ge 30 ] && [ $n200 -le 36 ] && echo yes || echo "$n200")" yes
is "everything else is 429" "$((n200 + n429))" 40
while [ "$STATUS" = 200 ]; do api GET /api/v1/me; done
is "429 is a problem" "$(body .code)" LIMIT
like "it says when to come back" "$(head_of Retry-After)" '^[1-9][0-9]*$'
is "it says the limit" "$(head_of RateLimit-Limit)" 30
is "it says what is left" "$(head_of RateLimit-Remaining)" 0
like "it says when the bucket is full again" "$(head_of RateLimit-Reset)" '^[0-9]+$'
as bert
api GET /api/v1/me
is "another user has a bucket of their own" "$STATUS" 200

# Guessing counts against the address.  nginx has a limit of its own, 20 a
# second: it fills up first, here and before who is known asks.
sleep 3
bad=0
i=0
while [ $i -lt 40 ]; do
	i=$((i + 1))
	s=$(curl -s -o /dev/null -w '%{http_code}' --unix-socket "$T/nginx/http.sock" \
		-H "Authorization: Bearer bot_aaaaaaaa_000000000000000000000000000000000000000000$i" \
		http://localhost/api/v1/me)
	[ "$s" = 429 ] && bad=$((bad + 1))
done
is "who guesses tokens is told to wait" "$([ $bad -ge 4 ] && echo yes || echo $bad)" yes
sleep 3
as bert
api GET /api/v1/me
is "and who is known still gets in" "$STATUS" 200

# ---- the database goes away under load ----
env_stop nginx
env_stop orch-api
rm -f "$T/nginx/http.sock"
env_set rate_limit_per_minute 100000
env_set rate_limit_burst 100000
env_api
as anna
api GET /api/v1/me
is "the limit is a setting" "$(head_of RateLimit-Limit)" 100000

cookie=$(sed -n 's/.*\tsid\t//p' "$T/jar.anna")
load() {	# until $T/stop: STATUS SECONDS a line
	while [ ! -f "$T/stop" ]; do
		curl -s -o "$T/load.$1.body" -w '%{http_code} %{time_total} %{content_type}\n' --max-time 20 \
			--unix-socket "$T/nginx/http.sock" -H "Cookie: sid=$cookie" \
			http://localhost/api/v1/me
		sleep 0.02
	done >>"$T/load.$1"
}
load 1 9>&- & load1=$!
load 2 9>&- & load2=$!
load 3 9>&- & load3=$!
sleep 6
env_stop mariadb TERM
away=$(cat "$T"/load.[123] | wc -l)
sleep 4
api GET /api/v1/me
is "without the database it is 503" "$STATUS" 503
is "as a problem" "$(body .code) $(head_of Content-Type)" "DB application/problem+json"
is "that names no socket and no SQL" "$(grep -ciE 'sock|select|mysql|maria' "$T/body")" 0
api GET /livez
is "the process lives" "$STATUS" 200
api GET /readyz
is "and is not ready" "$STATUS" 503
env_db
back() { api GET /api/v1/me; [ "$STATUS" = 200 ]; }
ok "it recovers by itself" wait_for 15 back
sleep 1
touch "$T/stop"
wait $load1 $load2 $load3
cat "$T"/load.[123] >"$T/load"
is "nothing but 200 and 503 was answered" "$(cut -d' ' -f1 "$T/load" | sort -u | grep -vE '^(200|503)$')" ""
is "503 was answered" "$(grep -q '^503' "$T/load" && echo yes)" yes
is "every 503 is a problem" "$(grep '^503' "$T/load" | grep -vc 'application/problem+json')" 0
is "every answer came within the time-out" "$(awk '$2 > 4.5' "$T/load" | wc -l)" 0
diag "$(wc -l <"$T/load") requests, $away before the stop, $(grep -c '^503' "$T/load") x 503, slowest $(sort -k2 -n "$T/load" | tail -n 1 | cut -d' ' -f2) s"
sleep 0.5
n=$(wc -l <"$T/load")
tail -n 3 "$T/load.1" >"$T/last"
is "the last answers are 200" "$(grep -vc '^200' "$T/last")" 0
: "$n"

done_testing
