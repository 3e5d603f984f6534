#!/bin/sh
# shellcheck source=tests/integ/env.sh
# Models: trained by the job worker, put to use under load, asked by workers.
. "${top_srcdir:-.}/tests/integ/env.sh"
env_start
env_set workers 3
env_migrate
env_user emma trader
env_api
env_run
ok "emma signs in" login emma

# Candles with a swing in them, so that there is something to learn.
awk 'BEGIN { print "timestamp_ms,open,high,low,close,volume"; o = 100
	for (i = 0; i < 2000; i++) {
		c = 100 + 12 * sin(i / 9) + 3 * sin(i / 2.3)
		h = (o > c ? o : c) + 0.5; l = (o < c ? o : c) - 0.5
		printf "%.0f,%.2f,%.2f,%.2f,%.2f,%.3f\n", 472222 * 3600000 + i * 3600000,
			o, h, l, c, 50 + i % 7
		o = sprintf("%.2f", c) + 0
	} }' >"$T/swing.csv"
ok "candles are there" orchctl candles import --quiet --market binance:SWING/USDT --tf 1h \
	"$T/swing.csv"
api GET '/api/v1/markets?q=SWING'
market=$(body '.items[0].id')

train() {	# seed
	api POST /api/v1/models "{\"name\":\"swing\",\"kind\":\"boosting\",\"market_id\":$market,
		\"tf\":\"1h\",\"seed\":$1,\"params\":{\"rounds\":20},
		\"features\":[\"return_1\",\"rsi_14\",\"volume_ratio\"]}"
	body .id
}
a=$(train 1)
b=$(train 2)
trained() {
	[ "$(sql "SELECT COUNT(*) FROM orch.model WHERE state = 'd'")" = 2 ]
}
ok "both models are trained by the job worker" wait_for 60 trained
api GET "/api/v1/models/$a/evaluation"
is "one is judged" "$STATUS" 200
like "the shell lists them" "$(orchctl ml list --user emma)" "swing +boosting +candidate +binance:SWING/USDT 1h"
ok "the shell puts one to use" orchctl ml promote "$a"
nok "once" orchctl ml promote "$a"

# -- a promotion under load loses no request.  The clients have a copy of the
# cookies: api writes the file anew while they would read it.
cp "$T/$JAR" "$T/jar.many"
ask() {
	curl -sS --max-time 20 --unix-socket "$T/nginx/http.sock" -X POST -b "$T/jar.many" \
		-H "X-CSRF-Token: $CSRF" -H 'Content-Type: application/json' \
		--data-binary '{"features":[[0.01,0.5,1.0]]}' -w '%{http_code}\n' \
		"http://localhost/api/v1/models/$a/predict" 9>&- |
		sed -n 's/.*"model":{"id":\([0-9]*\),.*"generation":\([0-9]*\)}.*}\([0-9]*\)$/\3 \1 \2/p; t
			s/.*\(...\)$/\1 ? ?/p'
}
many() {	# file
	while [ ! -e "$T/stop" ]; do ask; done >"$1"
}
many "$T/one" &
one=$!
many "$T/two" &
two=$!
sleep 1
api POST "/api/v1/models/$b/promote"
is "the other one takes over" "$STATUS $(body .generation)" "200 2"
sleep 1
touch "$T/stop"
wait "$one" "$two"
cat "$T/one" "$T/two" >"$T/all"
diag "$(wc -l <"$T/all") predictions, by status, model, generation:"
sort "$T/all" | uniq -c | sed 's/^/# /'
is "no request failed" "$(grep -vc '^200 ' "$T/all")" 0
ok "the first generation answered" grep -q "^200 $a 1$" "$T/all"
ok "the second generation answered" grep -q "^200 $b 2$" "$T/all"
in_order() {	# once the second has answered, the first answers no more
	awk '$3 < last { bad = 1 } { last = $3 } END { exit bad }' "$1"
}
ok "each client met the new one and never the old one again" in_order "$T/one"
ok "the other client too" in_order "$T/two"

# -- what is served where
is "the files are at hand" "$(find "$T/models" -name '*.safetensors' | wc -l)" 2
maps() {
	for p in $(pgrep -P "$(env_pid orch-api)"); do
		grep safetensors "/proc/$p/maps" 2>/dev/null
	done
}
like "workers map them read-only" "$(maps | head -n 1)" " r--s "
is "and never otherwise" "$(maps | grep -vc ' r--s ')" 0
api GET /metrics
like "predictions are counted" "$(cat "$T/body")" "orch_ml_predictions_total [1-9]"
like "so are tensors at hand" "$(cat "$T/body")" "orch_ml_tensors [1-9]"
like "and their memory" "$(cat "$T/body")" "orch_ml_arena_bytes [1-9]"
like "and refusals" "$(cat "$T/body")" 'orch_ml_refusals_total\{reason="stale"\} 0'

# -- libraries that would start threads are told not to
one_thread() {	# program
	for p in $(env_pid "$1") $(pgrep -P "$(env_pid "$1")"); do
		tr '\0' '\n' <"/proc/$p/environ" | grep -qx OPENBLAS_NUM_THREADS=1 || return 1
		tr '\0' '\n' <"/proc/$p/environ" | grep -qx OMP_NUM_THREADS=1 || return 1
	done
}
ok "no library of orch-api may start threads" one_thread orch-api
ok "no library of orch-run may start threads" one_thread orch-run
threads() {
	for p in $(pgrep -P "$(env_pid orch-run)"); do
		sed -n 's/^Threads:[[:space:]]*//p' "/proc/$p/status"
	done | sort -u
}
is "what has trained is of one thread" "$(threads)" 1

# -- out and in again
api GET "/api/v1/models/$b/export"
cp "$T/body" "$T/b.safetensors"
api POST '/api/v1/models/import?name=again' '' -H 'Content-Type: application/octet-stream' \
	--data-binary "@$T/b.safetensors"
is "an exported file comes in" "$STATUS" 201
head -c 400000 /dev/zero >"$T/zero"
api POST '/api/v1/models/import?name=no' '' -H 'Content-Type: application/octet-stream' \
	--data-binary "@$T/zero"
is "one that is none is refused, though it is larger than other bodies may be" "$STATUS" 422
head -c 13000000 /dev/zero >"$T/zero"
api POST '/api/v1/models/import?name=no' '' -H 'Content-Type: application/octet-stream' \
	--data-binary "@$T/zero"
is "a larger one does not come through" "$STATUS" 413
ok "the shell keeps a file" orchctl ml keep "$T/b.safetensors" --user emma --name kept
api POST "/api/v1/models/$b/retire"
api POST "/api/v1/models/$a/predict" '{}'
is "without one in use it is refused by name" "$STATUS $(body .detail)" \
	"409 the model \"swing\" ($a) is retired, and no other of its name is in use."
nok "nothing is broken in the tables" sh -c \
	"\"$(prog orchctl)\" -c \"$T/orch.conf\" doctor 2>&1 | grep WRONG | grep -v 'a session ends'"
done_testing
