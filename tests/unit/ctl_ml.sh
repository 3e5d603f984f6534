#!/bin/sh
# orchctl ml: features, training, asking, files in and out, and what is refused.
ctl=$(cd "${top_builddir:-.}/src/prog" && pwd)/orchctl
doc=$(cd "${top_srcdir:-.}" && pwd)/doc/ml.md
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
has() { # name, got, part, exit
	n=$((n + 1))
	case $2 in
	*"$3"*"exit $4") echo "ok $n - $1" ;;
	*) echo "not ok $n - $1"; printf 'got:\n%s\nwanted:\n%s\n' "$2" "$3" | sed 's/^/# /' ;;
	esac
}
run() { "$ctl" ml "$@" 2>&1; echo "exit $?"; }
cd "$t" || exit 99
echo 1..34

# Much or little volume is followed by a rise, as usual by a fall.
awk 'BEGIN {
	print "timestamp_ms,open,high,low,close,volume"
	s = 12345; p = 100; next_ = 0
	for (i = 0; i < 1500; i++) {
		s = (s * 1103515245 + 12345) % 2147483648; u = s / 2147483648
		s = (s * 1103515245 + 12345) % 2147483648; w = s / 2147483648
		o = p; p = p * (1 + next_ + 0.004 * (w - 0.5))
		h = (o > p ? o : p) * 1.001; l = (o < p ? o : p) * 0.999
		printf "%.0f,%.6f,%.6f,%.6f,%.6f,%.4f\n", \
			1704067200000 + i * 3600000, o, h, l, p, 60 + 80 * u
		next_ = (u > 0.75 || u < 0.25 ? 1 : -1) * 0.012
	}
}' >c.csv
has "the table of features" "$(run features --list)" "rsi_14 - RSI of 14 bars" 0
is "features as a table" "$("$ctl" -q ml features --candles c.csv -f return_1,rsi_14@4h,hour_sin | sed -n '1p;2p;3p' |
	sed 's/,[-0-9.][-0-9.]*,,/,R,,/')" "timestamp_ms,return_1,rsi_14@4h,hour_sin
1704067200000,,,0
1704070800000,R,,0.258819043636322"
has "an unknown feature: the one meant" "$(run features --candles c.csv -f rsi_41)" \
	'there is no feature "rsi_41"; did you mean "rsi_14"' 65
has "a feature that is not known here" "$(run features --candles c.csv -f book_imbalance)" \
	'"book_imbalance" needs the order book' 65
has "the kinds" "$(run kinds)" "boosting - " 0

b="-k boosting --candles c.csv -o b.model --set rounds=20 -f volume_ratio,return_1,rsi_14"
# shellcheck disable=SC2086
got=$(run train $b -n probe --json e.json)
has "a planted signal is found" "$got" "Better than the baseline" 0
has "the evaluation as JSON" "$(jq -r '[.better, (.baselines | length >= 2), (.confusion | length), .importance[0].feature] | join(" ")' e.json; echo "exit $?")" \
	"true true 3 volume_ratio" 0
# shellcheck disable=SC2086
(run train $b -n probe -q; cp b.model b1.model; run train $b -n probe -q) >/dev/null
cmp b.model b1.model && same=yes
is "the same candles and seed: the same file" "$same" yes
has "what a file holds" "$(run list b.model)" "boosting probe, file:FILE 1h, 3 features x 1 bars" 0
has "asked for a word" "$(run predict -M b.model --candles c.csv)" "confidence" 0
is "asked for JSON" "$("$ctl" ml predict -M b.model --candles c.csv --json |
	jq -c '[(.action | IN("buy", "hold", "sell")), (.probabilities | add * 1000 | round), (.reasons | length), .bar_time]')" \
	"[true,1000,3,1709463600000]"
has "judged on candles it has learned from: refused" \
	"$(run evaluate -M b.model --candles c.csv --start 2024-01-05)" "has learned from candles" 64
has "unless that is wanted" "$(run evaluate -M b.model --candles c.csv --start 2024-01-05 --in-sample)" \
	"IN SAMPLE" 0
has "judged on what came after" "$(run evaluate -M b.model --candles c.csv)" "Better than" 0
printf 'a,b,c\n1.5,0,0\n-1.5,0,0\n' >x.csv
has "outputs for inputs" "$(run forward -M b.model -i x.csv)" "buy,hold,sell
0." 0
has "inputs of another number" "$(printf 'a\n1\n' | run forward -M b.model)" \
	"a sample of this model has 3" 65
has "how long it takes" "$(run bench -M b.model)" '"batch":32' 0

# Weights out and in: the outputs stay the same to the last digit.
(cd "$t" && "$ctl" -q ml train -k dense -w 1 --layout "dense 8 relu, dense 3" --candles c.csv -o d.model \
	--set epochs=2 -f volume_ratio,return_1,rsi_14) >d.out
"$ctl" ml export -M d.model -o d.json
has "weights in" "$(run import d.json -o d2.model)" "dense, 3 features x 1 bars" 0
is "outputs of weights that went out and in" "$("$ctl" ml forward -M d2.model -i x.csv)" \
	"$("$ctl" ml forward -M d.model -i x.csv)"
jq 'del(.tensors)' d.json >head.json
has "the same with tensors of a safetensors file" "$(jq '.names = (.tensors | to_entries | map({(.key): ("model." + .key)}) | add) | del(.tensors)' d.json >named.json
	run import named.json -t d.model -o d3.model)" "dense" 0
is "and their outputs" "$("$ctl" ml forward -M d3.model -i x.csv)" \
	"$("$ctl" ml forward -M d.model -i x.csv)"
has "no tensors" "$(run import head.json -o d4.model)" "is not there" 65
jq '.kind = "oracle"' d.json >oracle.json
has "no such kind" "$(run import oracle.json -o d4.model)" 'no kind of model "oracle"' 65
"$ctl" ml export -M b.model --format xgboost -o xgb.json
has "xgboost's format, out and in" \
	"$(run import xgb.json --format xgboost -f volume_ratio,return_1,rsi_14 --tf 1h -o b2.model)" \
	"boosting" 0

# A byte changed anywhere, a part, another file.
head -c 3000 b.model >short.model
has "a short file" "$(run predict -M short.model --candles c.csv)" "the model file is broken" 65
(head -c 2500 b.model; printf X; tail -c +2502 b.model) >bit.model
has "a changed byte" "$(run list bit.model)" "checksum is another one" 65
has "another file" "$(run list c.csv)" "is broken" 65
has "no file" "$(run list none.model)" "none.model: No such file" 66
has "candles of another timeframe" "$(awk 'NR == 1 || NR % 4 == 2' c.csv >four.csv
	run predict -M b.model --candles four.csv)" "is for candles of 1h, these are of 4h" 64
has "every kind in one table" "$(run compare -k boosting,logistic --candles c.csv --set rounds=5 -f volume_ratio,return_1)" \
	"* chosen on the validation part" 0
has "a parameter that is none" "$(run train -k boosting --candles c.csv -o n.model --set wings=2)" \
	'boosting has no parameter "wings"' 65
has "walking forward" "$(run walk -k boosting --folds 3 --candles c.csv --set rounds=20 -f volume_ratio,return_1)" \
	"Better than the baseline" 0
has "no folds" "$(run walk -k boosting --folds 0 --candles c.csv)" "--folds" 64
is "every feature and its formula stand in doc/ml.md" \
	"$("$ctl" ml features --list | sed -n 's/^\([a-z0-9_]*\) - .*/\1/p' | while read -r f; do
		grep -qF "| \`$f\` |" "$doc" || echo "$f"; done)" ""
