#!/bin/sh
# shellcheck source=tests/integ/env.sh
# orchctl backtest --save keeps what a job would have kept; funding rates come
# from a file into the store.
. "${top_srcdir:-.}/tests/integ/env.sh"
top=${top_srcdir:-.}
env_start
env_migrate
orchctl demo --quiet >"$T/out" 2>&1
env_user anna trader
env_api
login anna
env_run

run() { "$@" >"$T/out" 2>"$T/err"; rc=$?; }
save() { run orchctl backtest "$top/strategies/ema_cross.pine" -m sim:ETH/USDT:1h "$@"; }

api GET /api/v1/markets
market=$(body '[.items[] | select(.symbol == "ETH/USDT")][0].id')
first=$(sql "SELECT first_t FROM orch.candle_series WHERE tf = 10 AND market_id = $market")

save --save ""
is "nobody is called admin" "$rc" 66
is "and nothing is kept" "$(sql 'SELECT COUNT(*) FROM orch.backtest')" 0
save --save kept --user anna --fee 0.05 --set fastLength=7 --json "$T/a.json"
is "a run is saved" "$rc" 0
like "which is told" "$(cat "$T/err")" 'saved as backtest [0-9]+: kept'
kept=$(sql 'SELECT id FROM orch.backtest')

jq -n --rawfile s "$top/strategies/ema_cross.pine" --argjson m "$market" \
	'{source: $s, market_id: $m, tf: "1h", name: "kept",
	options: {fee: 0.05}, inputs: {fastLength: 7}}' >"$T/new.json"
api POST /api/v1/backtests "$(cat "$T/new.json")"
job=$(body .id)
over() { api GET "/api/v1/backtests/$job"; [ "$(body .state)" = "done" ]; }
ok "a job runs the same" wait_for 60 over
same='del(.id, .created, .started, .finished)'
api GET "/api/v1/backtests/$job"; body "$same" >"$T/job"
api GET "/api/v1/backtests/$kept"; body "$same" >"$T/kept"
is "both rows say the same" "$(diff "$T/job" "$T/kept")" ""
is "and have the same columns" "$(sql "SELECT COUNT(*) FROM orch.backtest_part a
	JOIN orch.backtest_part b USING (kind, number, n, t0, t1, data)
	WHERE a.backtest_id = $kept AND b.backtest_id = $job")" \
	"$(sql "SELECT COUNT(*) FROM orch.backtest_part WHERE backtest_id = $kept")"
api GET "/api/v1/backtests/$kept/trades?limit=1"
is "its trades are those of the file" "$(body '.items[0].entry_price')" \
	"$(jq -r '.trades[0].entry_price' "$T/a.json")"

save --save x --user anna --rules-set strict --latency 100
is "a strict one" "$rc" 0
printf '{"stake_amount": 100, "stoploss": -0.1, "minimal_roi": {"0": 9}}' >"$T/r.json"
save --save x --user anna --rules-set freqtrade --rules "$T/r.json"
is "and one of freqtrade's rules" "$rc" 0
is "are kept by their rules" "$(sql 'SELECT GROUP_CONCAT(rules_set ORDER BY id SEPARATOR "")
	FROM orch.backtest')" ccsf

run orchctl backtest "$top/strategies/ema_cross.pine" --candles "$T/none.csv" --save x
is "candles of a file cannot be run again by the page" "$rc" 64
save --save x --user anna --set fastLength=0
is "a broken input is a data error" "$rc" 65

printf 'timestamp_ms,rate\n%s,0.0001\n%s,0.0002\n' \
	"$((first + 28800000))" "$((first + 57600000))" >"$T/f.csv"
run orchctl candles funding -m sim:ETH/USDT "$T/f.csv"
is "funding rates are stored" "$rc $(sql 'SELECT COUNT(*), SUM(rate) FROM orch.funding' |
	tr '\t' ' ')" "0 2 0.00030000000000000003"
printf 'timestamp_ms,rate\n5,0.1\n5,0.1\n' >"$T/f.csv"
run orchctl candles funding -m sim:ETH/USDT "$T/f.csv"
is "times that do not go on are refused" "$rc" 65
like "with the row" "$(cat "$T/err")" 'is the time of the row before'
printf 'timestamp_ms,rate\n5,1.5\n' >"$T/f.csv"
run orchctl candles funding -m sim:ETH/USDT "$T/f.csv"
is "a rate of more than all is refused" "$rc" 65
orchctl doctor >"$T/out" 2>&1
is "and every invariant holds" $? 0
done_testing
