#!/bin/sh
# orchctl backtest with models: asked only of candles that they have not learned
# from, the same as a bot bar by bar, and told in the result.
ctl=${top_builddir:-.}/src/prog/orchctl
t=$(mktemp -d) || exit 99
trap 'rm -rf "$t"' EXIT
n=0
is() { # name, got, want
	n=$((n + 1))
	if [ "$2" = "$3" ]; then echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		printf 'got:\n%s\nwanted:\n%s\n' "$2" "$3" | sed 's/^/# /'
	fi
}
run() { # arguments; rc, $t/out, $t/err
	"$ctl" backtest "$t/s.pine" --candles "$t/c.csv" "$@" >"$t/out" 2>"$t/err"
	rc=$?
}
says() { # name, status, part of stderr
	grep -qF -- "$3" "$t/err" && got="$rc yes" || got="$rc $(cat "$t/err")"
	is "$1" "$got" "$2 yes"
}
echo 1..10

awk 'BEGIN { print "timestamp_ms,open,high,low,close,volume"; o = 100
	for (i = 0; i < 1500; i++) {
		c = 100 + 12 * sin(i / 9) + 3 * sin(i / 2.3)
		h = (o > c ? o : c) + 0.5; l = (o < c ? o : c) - 0.5
		printf "%.0f,%.2f,%.2f,%.2f,%.2f,%.3f\n", 472222 * 3600000 + i * 3600000,
			o, h, l, c, 50 + i % 7
		o = sprintf("%.2f", c) + 0
	} }' >"$t/c.csv"
cat >"$t/s.pine" <<'EOT'
//@version=6
strategy("asks", initial_capital = 10000, default_qty_type = strategy.percent_of_equity, default_qty_value = 50)
threshold = input.float(0.4, "t", minval = 0.2, maxval = 0.8, step = 0.2)
if ml.predict("swing", "buy") > threshold
    strategy.entry("L", strategy.long)
if ml.action("swing") == "sell" and ml.confidence("swing") > threshold
    strategy.close("L")
EOT
from() { # the opening time of candle $1
	echo "$(((472222 + $1) * 3600000))"
}
"$ctl" ml train -q --kind boosting --set rounds=10 --features return_1,rsi_14,volume_ratio \
	--candles "$t/c.csv" --train-to "$(from 600)" --valid-to "$(from 800)" \
	--out "$t/m" >"$t/out" 2>"$t/err"
is "a model is trained" "$?" 0

run
says "a model that was not given is named" 65 'the script asks the model "swing"'
run --model swing="$t/nothing"
says "a file that is not there too" 66 'model "swing"'
run --model swing="$t/m"
says "candles that it has learned from are refused" 65 'has learned from candles up to'
run --model swing="$t/m" --from "$(from 799)"
says "to the last of them" 65 'has learned from candles up to'
run --model swing="$t/m" --from "$(from 800)" --json "$t/j" --verify
is "behind them it runs, and a bot would do the same, bit by bit" \
	"$rc $(grep -c '^verified: live = backtest over 700 candles' "$t/out")" "0 1"
is "the result tells which model it was" \
	"$(grep -c '"models":\[{"name":"swing","kind":"boosting","checksum":"[0-9a-f]*"' "$t/j") $(
		grep -c '"in_sample"' "$t/j")" "1 0"
is "it traded" "$(grep -c '"entry_signal":"L"' "$t/j")" 1
run --model swing="$t/m" --in-sample --json "$t/j"
is "in sample, when asked for, and marked" "$rc $(grep -c '"in_sample":true' "$t/j")" "0 1"
# A part of the bars finds its own rows: each fold of a walk is such a part.
"$ctl" optimize "$t/s.pine" --candles "$t/c.csv" --from "$(from 800)" --model swing="$t/m" \
	--walk-forward anchored --train 300 --test 100 --trials 4 >"$t/out" 2>"$t/err"
is "sweeps ask it, too" "$?" 0
