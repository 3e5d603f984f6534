# t.sh - plays texts of requests and expectations.  Sourced after env.sh.
# shellcheck shell=sh disable=SC2154
#
#	t_play FILE.t...
#
# A text is a list of cases, each reported by its name:
#
#	--- a wrong password is refused
#	POST /api/v1/login as nobody
#	+ User-Agent: test
#	{"name":"anna","password":"wrong"}
#	<<< 401
#	.code == "UNAUTH"
#	head Content-Type ~ ^application/problem
#	sql> SELECT COUNT(*) FROM session => 0
#
# METHOD PATH [as USER|nobody|token NAME]   cookie and X-CSRF-Token of a user
#	who is signed in, or the token kept by `save`; `as` holds for one request
# + Name: value		a header; "- Name" takes one away that is added
#	(X-CSRF-Token, Content-Type)
# {..., [..., "...	the body; `body N` is a JSON string of N characters
# <<< STATUS		the request is sent now.  An error must be a problem in
#	the one form, a success must fit the schema of its operation.
# .jq expression	must be true of the answer
# head NAME ~ REGEX, head NAME = TEXT, nohead NAME
# save NAME .path	for later: ${NAME}; ${PASSWORD} is everybody's
# savehead NAME HEADER
# sql> QUERY => TEXT	columns by tab, rows by "|"
# run> COMMAND		must succeed (shell; functions of env.sh are there)

t_case=
t_bad=
t_vars=

t_end() {
	[ -n "$t_case" ] || return 0
	if [ -z "$t_bad" ]; then
		tap 0 "$t_file: $t_case"
	else
		tap 1 "$t_file: $t_case"
		diag "$t_bad"
		diag "answer: $(head -c 600 "$T/body")"
	fi
	t_case=
	t_bad=
}
t_wrong() {	# line, what
	t_bad="$t_bad${t_bad:+
}line $t_no: $*"
}

# Puts what was saved in the place of ${NAME}.
t_expand() {
	case $1 in
	*"\${"*) ;;
	*) printf '%s\n' "$1"; return ;;
	esac
	t_line=$1
	for t_v in $t_vars; do
		t_val=$(cat "$T/var.$t_v")
		while :; do
			case $t_line in
			*"\${$t_v}"*) t_line=${t_line%%"\${$t_v}"*}$t_val${t_line#*"\${$t_v}"} ;;
			*) break ;;
			esac
		done
	done
	printf '%s\n' "$t_line"
}

t_request() {	# METHOD PATH [as WHO...]
	t_method=$1
	t_path=$2
	t_who=nobody
	[ "${3:-}" != as ] || t_who=$4
	[ "$t_who" != token ] || t_token=$(cat "$T/var.$5")
	rm -f "$T/req.body"
	: >"$T/req.head"
}

t_no_header() { grep -qix -- "$1" "$T/req.minus" 2>/dev/null; }

t_send() {	# the status that is wanted
	set -- "$1" -sS --max-time 60 --path-as-is --unix-socket "$T/nginx/http.sock" \
		-D "$T/head" -o "$T/body" -w '%{http_code}'
	sed -n 's/^- *//p' "$T/req.head" >"$T/req.minus"
	sed -n 's/^+ *//p' "$T/req.head" >"$T/req.plus"
	case $t_method in
	HEAD) set -- "$@" -I ;;
	*) set -- "$@" -X "$t_method" ;;
	esac
	if [ -f "$T/req.body" ]; then
		set -- "$@" --data-binary "@$T/req.body"
		if t_no_header Content-Type || grep -qi '^content-type:' "$T/req.plus"; then
			set -- "$@" -H 'Content-Type:'
		else
			set -- "$@" -H 'Content-Type: application/json'
		fi
	fi
	case $t_who in
	nobody) ;;
	token) set -- "$@" -H "Authorization: Bearer $t_token" ;;
	*)
		set -- "$@" -b "$T/jar.$t_who" -c "$T/jar.$t_who"
		t_no_header X-CSRF-Token || grep -qi '^x-csrf-token:' "$T/req.plus" ||
			set -- "$@" -H "X-CSRF-Token: $(cat "$T/csrf.$t_who")"
		;;
	esac
	while IFS= read -r t_h; do
		set -- "$@" -H "$t_h"
	done <"$T/req.plus"
	t_want=$1
	shift
	: >"$T/body"
	: >"$T/head"
	STATUS=$(curl "$@" "http://localhost$t_path" 2>"$T/curl.err") || STATUS="curl: $(cat "$T/curl.err")"
	if [ "$STATUS" != "$t_want" ]; then
		t_wrong "$t_method $t_path: status $STATUS, wanted $t_want"
		return
	fi
	case $t_method:$STATUS in
	HEAD:*) ;;	# curl shows the header there
	*:204 | *:304) [ -s "$T/body" ] && t_wrong "a body with $STATUS" ;;
	*:2*) t_fits || t_wrong "$(cat "$T/fits.out")" ;;
	*:[45]*) t_is_problem || t_wrong "the error is no problem+json: $(head_of Content-Type)" ;;
	esac
}

t_fits() {
	"$top_builddir/tests/integ/fits" "$t_method" "${t_path%%\?*}" <"$T/body" >"$T/fits.out" 2>&1
}
t_is_problem() {
	case $(head_of Content-Type) in
	application/problem+json*) ;;
	*) return 1 ;;
	esac
	jq -e --argjson s "$STATUS" '.status == $s and (.title | type == "string") and
		(.code | test("^[A-Z]+$")) and (.request_id | length == 32) and
		.type == "about:blank"' "$T/body" >/dev/null 2>&1
}

t_expect() {	# one line after <<<
	t_rest=${1#* }
	t_name=${t_rest%% *}
	t_value=${t_rest#* }
	t_value=${t_value#* }
	case $1 in
	.* | '('*) jq -e "$1" "$T/body" >"$T/jq.out" 2>&1 || t_wrong "not so: $1" ;;
	head\ *\ ~\ *)
		head_of "$t_name" | grep -qE -- "$t_value" ||
			t_wrong "$t_name is: $(head_of "$t_name")" ;;
	head\ *\ =\ *)
		[ "$(head_of "$t_name")" = "$t_value" ] ||
			t_wrong "$t_name is: $(head_of "$t_name")" ;;
	nohead\ *)
		[ -z "$(head_of "$t_name")" ] || t_wrong "there is $t_name" ;;
	save\ *)
		jq -r "$t_value" "$T/body" >"$T/var.$t_name"
		t_vars="$t_vars $t_name" ;;
	savehead\ *)
		head_of "${t_rest#* }" >"$T/var.$t_name"
		t_vars="$t_vars $t_name" ;;
	sql\>*)
		t_got=$(sql "${t_rest%% => *}" | tr '\n' '|')
		[ "${t_got%|}" = "${t_rest#* => }" ] || t_wrong "sql gives ${t_got%|}" ;;
	run\>*) (eval "$t_rest") >"$T/run.out" 2>&1 || t_wrong "failed: $t_rest: $(cat "$T/run.out")" ;;
	*) t_wrong "not understood: $1" ;;
	esac
}

t_play() {
	printf '%s\n' "$PASSWORD" >"$T/var.PASSWORD"
	t_vars="$t_vars PASSWORD"
	for t_path_of in "$@"; do
		t_file=${t_path_of##*/}
		t_no=0
		while IFS= read -r t_in <&8 || [ -n "$t_in" ]; do
			t_no=$((t_no + 1))
			t_in=$(t_expand "$t_in")
			case $t_in in
			'' | '#'*) ;;
			'--- '*) t_end; t_case=${t_in#--- } ;;
			[A-Z]*\ /*)
				# shellcheck disable=SC2086
				t_request $t_in ;;
			'+ '* | '- '*) printf '%s\n' "$t_in" >>"$T/req.head" ;;
			'{'* | '['* | '"'*) printf '%s' "$t_in" >"$T/req.body" ;;
			'body '*)
				printf '"%*s"' "${t_in#body }" '' | tr ' ' a >"$T/req.body" ;;
			'<<< '*) t_send "${t_in#<<< }" ;;
			*) t_expect "$t_in" ;;
			esac
		done 8<"$t_path_of"
		t_end
	done
}
