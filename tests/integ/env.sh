# env.sh - the private world of one integration test.  Sourced, POSIX sh.
# shellcheck shell=sh
#
#	. "${top_srcdir:-.}/tests/integ/env.sh"
#	env_start			MariaDB in $T, a private temporary directory
#	env_migrate			the schema of sql/, by orchctl migrate
#	env_user anna trader		password: $PASSWORD
#	env_api				orch-api (and orch-live) behind nginx
#	env_run				orch-run
#	login anna && api GET /api/v1/bots
#	is "the list is empty" "$(body .items)" "[]"
#	done_testing
#
# Everything is ended and removed on any exit, a SIGKILL of the test included:
# a janitor process waits for the far end of a pipe that only this shell holds.
# Settings for the programs: env_set NAME VALUE before env_api or env_run.
# Without mariadbd or nginx the test skips, or fails if ORCH_REQUIRE_INTEG=1.

top_srcdir=$(cd "${top_srcdir:-.}" && pwd)
top_builddir=$(cd "${top_builddir:-.}" && pwd)
ORCH_DATADIR=$top_srcdir
export top_srcdir top_builddir ORCH_DATADIR
PATH=$PATH:/usr/sbin:/sbin
PASSWORD='nine brown owls count 47 stars'
tap_n=0
tap_failed=0

# ---- TAP -------------------------------------------------------------------
diag() { printf '%s\n' "$*" | sed 's/^/# /'; }
bail() { echo "Bail out! $*"; exit 1; }
skip_all() {
	[ "${ORCH_REQUIRE_INTEG:-0}" != 1 ] || bail "$*"
	echo "1..0 # SKIP $*"
	exit 0
}
tap() {	# 0|1 name
	tap_n=$((tap_n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tap_n - $2"
	else
		tap_failed=$((tap_failed + 1))
		echo "not ok $tap_n - $2"
	fi
	return 0
}
ok() {	# name command...
	tap_name=$1
	shift
	if "$@" >"$T/ok.out" 2>&1; then tap 0 "$tap_name"; else
		tap 1 "$tap_name"
		diag "command: $*"
		sed 's/^/# /' "$T/ok.out"
	fi
}
nok() {	# name command...  (the command must fail)
	tap_name=$1
	shift
	if "$@" >"$T/ok.out" 2>&1; then tap 1 "$tap_name"; else
		tap 0 "$tap_name"
	fi
}
is() {	# name got want
	if [ "$2" = "$3" ]; then tap 0 "$1"; else
		tap 1 "$1"
		diag "got:  $2"
		diag "want: $3"
	fi
}
isnt() {	# name got unwanted
	if [ "$2" != "$3" ]; then tap 0 "$1"; else
		tap 1 "$1"
		diag "got what it should not be: $2"
	fi
}
like() {	# name got extended-regex
	if printf '%s\n' "$2" | grep -qE -- "$3"; then tap 0 "$1"; else
		tap 1 "$1"
		diag "got:  $2"
		diag "want: /$3/"
	fi
}
done_testing() {
	if [ "$tap_failed" != 0 ] && [ -n "${T:-}" ]; then
		for f in "$T"/log/*.log; do
			[ -s "$f" ] && { diag "--- $f"; tail -n 25 "$f" | sed 's/^/# /'; }
		done
	fi
	echo "1..$tap_n"
	[ "$tap_failed" = 0 ]
	exit
}

# wait_for SECONDS command...: until it succeeds; false after SECONDS.
wait_for() {
	wait_end=$(($(date +%s) + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$(date +%s)" -lt "$wait_end" ] || return 1
		sleep 0.05
	done
}

# ---- the world -------------------------------------------------------------
# Pids are kept in $T/pids/NAME; the janitor ends them in that directory.
env_janitor() {	# runs in the background until the test is gone
	trap '' INT TERM HUP PIPE
	cat "$T/alive" >/dev/null
	for f in "$T"/pids/*; do
		[ -f "$f" ] && kill -TERM "$(cat "$f")" 2>/dev/null
	done
	for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		left=
		for f in "$T"/pids/*; do
			[ -f "$f" ] || continue
			if kill -0 "$(cat "$f")" 2>/dev/null; then left=1; else rm -f "$f"; fi
		done
		[ -n "$left" ] || break
		sleep 0.1
	done
	for f in "$T"/pids/*; do
		[ -f "$f" ] && kill -KILL "$(cat "$f")" 2>/dev/null
	done
	for i in 1 2 3 4 5; do
		rm -rf "$T" && break
		sleep 0.2
	done
	: "$i"
}

env_end() {
	env_rc=$?
	trap - EXIT
	exec 9>&-
	wait "$janitor"
	exit "$env_rc"
}
env_dir() {	# make $T; env_start does it for you
	[ -z "${T:-}" ] || return 0
	T=$(mktemp -d "${TMPDIR:-/tmp}/orch.XXXXXX") || bail "no temporary directory"
	S=$T
	mkdir "$T/pids" "$T/log" "$T/run"
	mkfifo "$T/alive"
	env_janitor >/dev/null 2>&1 </dev/null &
	janitor=$!
	exec 9>"$T/alive"
	trap env_end EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	export ORCH_STATE="$S"
	env_conf
}

# env_spawn NAME command...: in the background, log in $T/log/NAME.log.
env_spawn() {
	spawn_name=$1
	shift
	"$@" >>"$T/log/$spawn_name.log" 2>&1 </dev/null 9>&- &
	echo $! >"$T/pids/$spawn_name"
}
env_pid() { cat "$T/pids/$1"; }
# env_stop NAME [SIGNAL]: signal, wait until it is gone.
env_stop() {
	stop_pid=$(env_pid "$1")
	kill -"${2:-TERM}" "$stop_pid"
	wait "$stop_pid" 2>/dev/null
	rm -f "$T/pids/$1"
}

env_start() {
	env_dir
	"$top_srcdir/tests/support/mariadb.sh" check ||
		skip_all "mariadbd is not installed"
	"$top_srcdir/tests/support/mariadb.sh" prepare "$T" 9>&- || bail "no data directory"
	env_db
}
# (Re)start the server on $T/data; with kill: env_stop mariadb KILL.
env_db() {
	env_spawn mariadb "$top_srcdir/tests/support/mariadb.sh" run "$T"
	wait_for 20 sql 'SELECT 1' || {
		tail -n 30 "$T/mariadb.log" | sed 's/^/# /'
		bail "mariadbd does not answer"
	}
}
# sql 'SELECT ...' [database]: as root; columns by tab, no header.
sql() {
	mariadb --no-defaults -uroot -S "$T/mariadb.sock" -N -B -e "$1" "${2:-orch}" 9>&-
}
# An empty database, whatever was in it.
env_empty() { sql 'SET foreign_key_checks=0; CREATE OR REPLACE DATABASE orch'; }

# ---- our programs ----------------------------------------------------------
prog() {	# path of a program of ours
	for prog_dir in "$top_builddir/src/prog" "$top_builddir"; do
		[ -x "$prog_dir/$1" ] && { echo "$prog_dir/$1"; return 0; }
	done
	echo "/nonexistent/$1"
	return 1
}
env_conf() {
	cat >"$T/orch.conf" <<-CONF
	state_dir = $T
	run_dir = $T/run
	db_socket = $T/mariadb.sock
	db_name = orch
	db_user = orch
	rate_limit_per_minute = 60000
	rate_limit_burst = 60000
	CONF
}
env_set() {	# NAME VALUE; replaces an earlier line
	grep -v "^$1 = " "$T/orch.conf" >"$T/orch.conf.new" || :
	echo "$1 = $2" >>"$T/orch.conf.new"
	mv "$T/orch.conf.new" "$T/orch.conf"
}
orchctl() { "$(prog orchctl)" -c "$T/orch.conf" "$@" 9>&-; }
env_migrate() {
	orchctl migrate >"$T/log/migrate.log" 2>&1 || {
		sed 's/^/# /' "$T/log/migrate.log"
		bail "orchctl migrate failed"
	}
}
env_user() {	# name role
	printf '%s\n' "$PASSWORD" |
		orchctl user add "$1" --role "$2" --password-stdin >"$T/log/user.log" 2>&1 || {
		sed 's/^/# /' "$T/log/user.log"
		bail "orchctl user add $1 failed"
	}
}
env_nginx_conf() {	# from the templates, listening on a unix socket
	env_set listen_address "unix:$T/nginx/http.sock"
	ORCH_DATADIR="$top_srcdir" orchctl nginx >"$T/log/orchctl-nginx.log" 2>&1 || {
		sed 's/^/# /' "$T/log/orchctl-nginx.log"
		bail "orchctl nginx failed"
	}
}
env_api() {
	command -v nginx >/dev/null || skip_all "nginx is not installed"
	env_spawn orch-api "$(prog orch-api)" -c "$T/orch.conf"
	env_nginx_conf
	env_spawn nginx nginx -p "$T/nginx" -c "$T/nginx/nginx.conf" -g 'daemon off;'
	wait_for 20 curl -sf --unix-socket "$T/nginx/http.sock" http://localhost/livez || {
		tail -n 20 "$T"/log/*.log | sed 's/^/# /'
		bail "orch-api does not answer"
	}
}
env_run() { env_spawn orch-run "$(prog orch-run)" -c "$T/orch.conf"; }

# ---- the API client --------------------------------------------------------
# api METHOD PATH [JSON] [curl options...]: STATUS, headers in $T/head, body in
# $T/body.  The cookie jar and the CSRF token come from login.
STATUS=
CSRF=
JAR=jar
api() {
	api_method=$1
	api_path=$2
	api_data=${3-}
	shift 2
	[ $# = 0 ] || shift
	[ -z "$api_data" ] || set -- -H 'Content-Type: application/json' --data-binary "$api_data" "$@"
	[ -z "$CSRF" ] || set -- -H "X-CSRF-Token: $CSRF" "$@"
	: >"$T/body"
	STATUS=$(curl -sS --max-time 60 --unix-socket "$T/nginx/http.sock" -X "$api_method" \
		-b "$T/$JAR" -c "$T/$JAR" -D "$T/head" -o "$T/body" -w '%{http_code}' \
		"$@" "http://localhost$api_path" 9>&-) || STATUS="curl-$?"
}
body() { jq -r -c "${1:-.}" "$T/body"; }	# a jq path of the last answer
head_of() {	# a header of the last answer
	sed -n "s/^$1: *//Ip" "$T/head" | tr -d '\r' | tail -n 1
}
login() {	# name [password]; each user has a jar of its own
	JAR=jar.$1
	CSRF=
	api POST /api/v1/login "$(jq -n -c --arg n "$1" --arg p "${2-$PASSWORD}" '{name:$n,password:$p}')"
	CSRF=$(body '.csrf // empty')
	echo "$CSRF" >"$T/csrf.$1"
	[ "$STATUS" = 200 ]
}
as() {	# name: go on as a user who is signed in already
	JAR=jar.$1
	CSRF=$(cat "$T/csrf.$1" 2>/dev/null)
}
as_nobody() { JAR=jar.nobody; CSRF=; rm -f "$T/$JAR"; }
