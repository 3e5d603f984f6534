#!/bin/sh
# The API through the real nginx on a real MariaDB: the texts of this directory
# in order, then every operation for every kind of caller.
# shellcheck source=tests/integ/env.sh
. "${top_srcdir:-.}/tests/integ/env.sh"
# shellcheck source=tests/integ/t.sh
. "${top_srcdir:-.}/tests/integ/t.sh"
cd "$top_srcdir/tests/integ" || exit 99

env_start
env_set workers 3
env_set login_per_minute 10000
env_set client_log_per_minute 10000
env_set cors_origins https://app.example
env_migrate
orchctl demo >"$T/log/demo.log" 2>&1 || bail "orchctl demo: $(tail -n 1 "$T/log/demo.log")"
env_user vera viewer
env_user anna trader
env_user bert trader
env_user carl trader
env_user dora trader
env_user emma trader
env_user finn trader
env_user olga admin
env_api
for u in vera anna bert carl dora emma finn olga; do
	login "$u" || bail "cannot sign in $u"
done

t_play [0-9][0-9]-*.t

# ---- every operation for every kind of caller ----
# From the document: METHOD PATH ROLE SESSION-ONLY HAS-BODY
as_nobody
api GET /api/openapi.json
jq -r '.paths | to_entries[] | .key as $p | .value | to_entries[] |
	[(.key | ascii_upcase), $p, .value["x-role"],
	 (.value.security | map(has("token")) | any | not),
	 (.value | has("requestBody"))] | join(" ")' "$T/body" >"$T/ops"
is "the document names every operation" \
	"$([ "$(wc -l <"$T/ops")" -ge 20 ] && echo yes)" yes

# Objects of anna's, for others to grasp at.
as anna
api POST /api/v1/tokens '{"name":"hers","scopes":["read"]}'
hers=$(body .id)
as anna
api POST /api/v1/strategies "$(jq -n --arg s "$(cat "$top_srcdir/strategies/ema_cross.pine")" '{name:"anna own",source:$s}')"
strategy=$(body .id)
bot=$(sql "SELECT MIN(bot.id) FROM bot JOIN user ON user.id = user_id WHERE user.name = 'anna'")
session=$(sql "SELECT MIN(session.id) FROM session JOIN user ON user.id = user_id WHERE name = 'anna'")

market=$(sql "SELECT MIN(id) FROM market")
for v in "$hers" "$strategy" "$bot" "$session" "$market"; do
	like "there is an object to grasp at" "$v" '^[0-9]+$'
done

# What must come: 401 for nobody, 403 below the role, never 5xx; another's
# object is 404 for everybody else; an administrator may read bots.  A 400 is
# the empty body's.
matrix_want() {	# caller-rank role foreign
	case $2 in anyone) need=0 ;; viewer) need=1 ;; trader) need=2 ;; *) need=3 ;; esac
	if [ "$need" = 0 ]; then echo 'not 401 403 5'
	elif [ "$1" = 0 ]; then echo 401
	elif [ "$1" -lt "$need" ]; then echo 403
	elif [ "$3" = 1 ] && [ "$1" = 3 ]; then echo '404 400 200'
	elif [ "$3" = 1 ]; then echo '404 400'
	else echo 'not 401 403 5'; fi
}
matrix_ok() {	# want status
	case $1 in
	not*)
		for w in ${1#not}; do
			case $2 in "$w"*) return 1 ;; esac
		done ;;
	*)
		case " $1 " in *" $2 "*) ;; *) return 1 ;; esac ;;
	esac
}
bad=
n=0
rank=0
for who in nobody vera anna bert olga; do
	case $who in vera) rank=1 ;; anna | bert) rank=2 ;; olga) rank=3 ;; esac
	while read -r method path role session_only has_body <&7; do
		: "$session_only"
		foreign=0
		url=$path
		case $path in
		*'/tokens/{'*) url=/api/v1/tokens/$hers; [ $who = anna ] || foreign=1 ;;
		*'/sessions/{'*) url=/api/v1/sessions/$session; [ $who = anna ] || foreign=1 ;;
		*'/bots/{'*) url=$(echo "$path" | sed "s/{id}/$bot/"); [ $who = anna ] || foreign=1 ;;
		*'/strategies/{'*) url=/api/v1/strategies/$strategy; [ $who = anna ] || foreign=1 ;;
		*'/markets/{'*) url=$(echo "$path" | sed "s/{id}/$market/")
			case $path in *candles*) url="$url?tf=1h" ;; esac ;;
		*'{'*) url=$(echo "$path" | sed 's/{[a-z_]*}/999999999/g'); foreign=1 ;;
		esac
		# These are tried with their own tests; here they would end the
		# caller's session or objects.
		case $who:$method:$path in
		anna:DELETE:* | [!n]*:POST:/api/v1/logout) continue ;;
		*:GET:/metrics) continue ;;
		esac
		if [ $who = nobody ]; then as_nobody; else as $who; fi
		data=
		[ "$has_body" = false ] || data='{}'
		api "$method" "$url" "$data"
		want=$(matrix_want $rank "$role" $foreign)
		n=$((n + 1))
		matrix_ok "$want" "$STATUS" || bad="$bad
$who $method $url: $STATUS, wanted $want"
	done 7<"$T/ops"
done
is "$n calls: every operation for nobody, viewer, trader, another trader, admin" "$bad" ""
is "nothing of anna's was taken away" "$(sql "SELECT
	(SELECT COUNT(*) FROM api_token WHERE id = $hers),
	(SELECT COUNT(*) FROM strategy WHERE id = $strategy),
	(SELECT COUNT(*) FROM bot WHERE id = $bot)")" "1	1	1"

# A GET changes nothing.
sums() { sql "CHECKSUM TABLE user, api_token, idempotency, app_log, schema_migration, bot, strategy, market"; }
before=$(sums)
as olga
while read -r method path role rest <&7; do
	: "$role" "$rest"
	[ "$method" = GET ] && api GET "$(echo "$path" | sed 's/{[a-z_]*}/1/g')"
done 7<"$T/ops"
is "no GET has changed the database" "$(sums)" "$before"

# A worker's budget: two statements for a read with its session.
queries() { curl -s --unix-socket "$T/nginx/http.sock" http://localhost/metrics | sed -n 's/^db_queries_total //p'; }
api GET /api/v1/me	# notes when the session was used, once a minute
sleep 5.2
q=$(queries)
api GET /api/v1/me
is "one read costs two statements at most" "$([ $(($(queries) - q)) -le 2 ] && echo yes)" yes

done_testing
