#!/bin/sh
# shellcheck source=tests/integ/env.sh
# A bot's trades are those of its backtest, over the same candles: of starters
# and of strategies with every kind of order, made and read through the API,
# run by orch-run.
. "${top_srcdir:-.}/tests/integ/env.sh"
dir=${top_srcdir:-.}/tests/integ/verify
top=${top_srcdir:-.}
env_start
env_migrate
orchctl demo --quiet >"$T/out" 2>&1
env_user anna trader
env_api
login anna
env_run

api GET /api/v1/markets
market=$(body '[.items[] | select(.symbol == "ETH/USDT")][0].id')
from=$(sql "SELECT last_t - 2500 * 3600000 FROM orch.candle_series
	WHERE tf = 10 AND market_id = $market")
first=$(date -u -d "@$((from / 1000))" +%Y-%m-%dT%H:%M:%SZ)

# One is exact, the other in binary: the same digits of both.
# shellcheck disable=SC2016
NUM='def num(x): x | if . == null then . else
	(tonumber * 100000000 | round) / 100000000 end; '
# All trades of a bot as lines, newest closed first.
trades_of() {
	cursor=
	while :; do
		api GET "/api/v1/bots/$1/trades?limit=200$cursor"
		body "$NUM"'.items[] | [.direction, .entry_time, num(.entry_price),
			.entry_signal, .exit_time, num(.exit_price),
			.exit_signal, num(.qty), .open] | @csv'
		next=$(body '.next // ""')
		[ -n "$next" ] || break
		cursor="&cursor=$next"
	done
}
# The same of a backtest.  What is open at its end has no exit for a bot.
trades_by() {
	jq -r "$NUM"'.trades[] |
		[.direction, .entry_ms, num(.entry_price), .entry_signal] +
		(if .open_at_end then [null, null, null, num(.qty), true] else
		[.exit_ms, num(.exit_price), .exit_signal, num(.qty), false]
		end) | @csv' "$1"
}

compare() {	# name script id least
	api POST /api/v1/bots "{\"name\":\"$1\",\"market_id\":$market,\"tf\":\"1h\",
		\"strategy_id\":$3,\"inputs\":{},\"mode\":\"paper\",
		\"initial_balance\":\"10000\",\"limits\":{\"price_band\":\"0\",\"max_orders\":200},
		\"feed\":{\"kind\":\"replay\",\"from\":$from,\"to\":null,\"speed\":0}}"
	is "$1: the bot is made" "$STATUS" 201
	bot=$(body .id)
	api POST "/api/v1/bots/$bot/start"
	over() {
		api GET "/api/v1/bots/$bot"
		[ "$(body .state)" = finished ] || [ "$(body .state)" = halted ]
	}
	ok "$1: it comes to its end" wait_for 180 over
	is "$1: which is that of its replay" "$(body '.state + (.error // "")')" finished
	trades_of "$bot" | sort >"$T/bot.csv"
	orchctl backtest "$2" --market sim:ETH/USDT:1h --from "$first" \
		--initial-capital 10000 --quiet --verify --json "$T/bt.json" >"$T/out" 2>&1
	is "$1: the backtest verifies itself" $? 0
	trades_by "$T/bt.json" | sort >"$T/bt.csv"
	n=$(wc -l <"$T/bt.csv")
	ok "$1: it has trades" test "$n" -ge "$4"
	diff "$T/bt.csv" "$T/bot.csv" >"$T/diff"
	is "$1: $n trades are equal" "$(head -n 12 "$T/diff")" ""
}

api GET /api/v1/strategies
cp "$T/body" "$T/starters"
starter() { jq -r --arg n "$1" '[.items[] | select(.name == $n)][0].id' "$T/starters"; }
own() {	# script: added as a strategy of anna's
	jq -n --rawfile s "$1" --arg n "$(basename "$1" .pine)" \
		'{name: $n, source: $s}' >"$T/new.json"
	api POST /api/v1/strategies "$(cat "$T/new.json")"
	body .id
}
compare "EMA cross" "$top/strategies/ema_cross.pine" "$(starter 'EMA cross')" 20
compare "Bollinger breakout" "$top/strategies/bollinger_breakout.pine" \
	"$(starter 'Bollinger breakout')" 10
compare brackets "$dir/brackets.pine" "$(own "$dir/brackets.pine")" 100
compare at_close "$dir/at_close.pine" "$(own "$dir/at_close.pine")" 40
orchctl doctor >"$T/out" 2>&1
is "and every invariant holds" $? 0
done_testing
