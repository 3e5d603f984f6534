# shellcheck shell=bash
# quickstart.sh - the parts of ./quickstart, also used by tools/check.sh.
# Reads: top (the checkout).

build=${ORCH_BUILD:-$top/build}
root=$build/root			# where the build is installed
state=${ORCH_STATE:-$top/var}
case $state in /*) ;; *) state=$top/$state ;; esac
port=${ORCH_PORT:-8080}
step_no=0

step()	{ step_no=$((step_no + 1)); printf '[%2d] %s\n' "$step_no" "$*"; }
note()	{ printf '     %s\n' "$*"; }
# die CAUSE [REMEDY]
die() {
	printf '\nquickstart: %s\n' "$1" >&2
	[ -n "${2-}" ] && printf '  remedy: %s\n' "$2" >&2
	exit 1
}
# quiet LOG COMMAND...: run with the output in a file, shown when it fails
quiet() {
	local log=$1
	shift
	"$@" >"$log" 2>&1 </dev/null && return 0
	printf '\n' >&2
	tail -n 25 "$log" | sed 's/^/     | /' >&2
	return 1
}

# --- packages -------------------------------------------------------------

packages_run='autoconf automake bash bzip2 ca-certificates curl gcc gzip libc6-dev
libcmocka-dev libcurl4-openssl-dev libfcgi-dev libgsl-dev libhiredis-dev libjson-c-dev
libmariadb-dev libsodium-dev libssl-dev libwebsockets-dev libzstd-dev make
mariadb-client-core mariadb-server-core nginx patch pkg-config procps util-linux
xz-utils zlib1g-dev'
packages_web='nodejs npm'
packages_check='ccache clang clang-tidy cppcheck jq libclang-rt-14-dev mandoc pmccabe
redis-server shellcheck strace unzip valgrind wrk chromium fonts-dejavu-core'

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"
	elif command -v sudo >/dev/null; then sudo "$@"
	else die "packages must be installed, which needs root" \
		"run once as root: apt-get install $*"
	fi
}

installed() { dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null | grep -qx installed; }

# A command that stands there already makes its package unnecessary: nginx of
# another flavour, Node from elsewhere.
provided() {
	case $1 in
	nginx)	PATH=$PATH:/usr/sbin command -v nginx >/dev/null ;;
	nodejs)		command -v node >/dev/null ;;
	npm)		command -v npm >/dev/null ;;
	mariadb-server-core) [ -x /usr/sbin/mariadbd ] ;;
	pkg-config)	command -v pkg-config >/dev/null ;;
	ccache|clang|make|gcc|curl|jq|chromium) command -v "$1" >/dev/null ;;
	*)		return 1 ;;
	esac
}

web_built() { [ -f "$top/web/dist/index.html" ] && [ ! -d "$top/.git" ]; }

# packages run|check
packages() {
	local want="$packages_run" missing='' p
	web_built || want="$want $packages_web"
	[ "$1" = check ] && want="$want $packages_check"
	command -v dpkg-query >/dev/null ||
		die "this is not a Debian system" "build by hand, see README.md"
	for p in $want; do
		installed "$p" || provided "$p" || missing="$missing $p"
	done
	if [ -z "$missing" ]; then
		step "Debian packages: all there"
		return 0
	fi
	# shellcheck disable=SC2086
	set -- $missing
	step "Debian packages: installing $# (${missing# })"
	mkdir -p "$build" || die "cannot create $build"
	quiet "$build/apt-update.log" as_root apt-get -o DPkg::Lock::Timeout=300 update ||
		die "apt-get update failed" "check the network and /etc/apt/sources.list*"
	no_services_begin
	quiet "$build/apt.log" as_root env DEBIAN_FRONTEND=noninteractive apt-get \
		-o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
		install -y --no-install-recommends "$@"
	local rc=$?
	no_services_end
	[ $rc = 0 ] || die "apt-get install failed (see $build/apt.log)" \
		"as root: apt-get install $*"
}

# Nothing we install may start a service of its own: policy-rc.d says no for
# the moment of the installation and is put back as it was.
policy=/usr/sbin/policy-rc.d
no_services_begin() {
	policy_was=none
	if [ -e $policy ]; then
		policy_was=kept
		as_root cp -a $policy $policy.orch-saved
	fi
	printf '#!/bin/sh\nexit 101\n' | as_root tee $policy >/dev/null
	as_root chmod 755 $policy
}
no_services_end() {
	if [ "$policy_was" = kept ]; then as_root mv $policy.orch-saved $policy
	else as_root rm -f $policy; fi
}

# --- build ----------------------------------------------------------------

# What the client is made of, as one checksum: it is rebuilt when that changes.
web_sum() {
	(cd "$top/web" && find . \( -name node_modules -o -name dist -o -name output \
		-o -name tests \) -prune -o \
		-type f -print | LC_ALL=C sort | xargs cksum | cksum)
}

build_web() {
	web_built && return 0
	if [ -f "$top/web/dist/index.html" ] &&
	   [ "$(cat "$top/web/dist/.sum" 2>/dev/null)" = "$(web_sum)" ]; then
		step "browser client: up to date"
		return 0
	fi
	step "browser client: npm ci, npm run build"
	# Node trusts a list of its own; the system's adds what the owner added.
	[ -f /etc/ssl/certs/ca-certificates.crt ] &&
		export NODE_EXTRA_CA_CERTS="${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt}"
	(cd "$top/web" && quiet "$build/npm-ci.log" npm ci --no-audit --no-fund) ||
		die "npm ci failed (see $build/npm-ci.log)" "check the network, then run ./quickstart again"
	(cd "$top/web" && quiet "$build/npm-build.log" npm run build) ||
		die "the browser client does not build (see $build/npm-build.log)"
	web_sum >"$top/web/dist/.sum"
}

build_c() {
	mkdir -p "$build" || die "cannot create $build"
	if [ ! -x "$top/configure" ] || [ "$top/configure.ac" -nt "$top/configure" ]; then
		step "autoreconf"
		quiet "$build/autoreconf.log" ./autogen.sh ||
			die "autoreconf failed (see $build/autoreconf.log)"
	fi
	if [ ! -f "$build/Makefile" ] || [ "$top/configure" -nt "$build/config.status" ]; then
		step "configure"
		(cd "$build" && quiet "$build/configure.log" "$top/configure" --prefix="$root" \
			--sysconfdir="$root/etc" --localstatedir="$state") ||
			die "configure failed (see $build/configure.log)"
	fi
	step "make"
	quiet "$build/make.log" make -C "$build" -j"$(nproc)" ||
		die "the build failed (see $build/make.log)"
	quiet "$build/install.log" make -C "$build" install ||
		die "make install into $root failed (see $build/install.log)"
}

build_all() { mkdir -p "$build"; build_web && build_c; }

# --- the private MariaDB, nginx and our own programs ------------------------

pids=()			# what we started, newest last
names=()

# start NAME COMMAND...: in the background, in a session of its own so that
# Ctrl-C reaches only us and we stop things in order
start() {
	local name=$1
	shift
	setsid "$@" >>"$state/log/$name.log" 2>&1 </dev/null &
	pids+=($!)
	names+=("$name")
}
alive() { kill -0 "$1" 2>/dev/null; }

# wait_for SECONDS WHAT COMMAND...; gives up early when the newest process ends
wait_for() {
	local tries=$(($1 * 20)) what=$2 pid=${pids[-1]} name=${names[-1]}
	shift 2
	while [ $tries -gt 0 ]; do
		"$@" >/dev/null 2>&1 && return 0
		if ! alive "$pid"; then
			tail -n 15 "$state/log/$name.log" | sed 's/^/     | /' >&2
			die "$what ended at once (see $state/log/$name.log)"
		fi
		sleep 0.05
		tries=$((tries - 1))
	done
	die "$what did not answer in time (see $state/log/$name.log)"
}

stop_all() {
	local i n
	trap '' INT TERM HUP
	for ((i = ${#pids[@]} - 1; i >= 0; i--)); do
		alive "${pids[i]}" || continue
		note "stopping ${names[i]}"
		kill -TERM "${pids[i]}" 2>/dev/null
		n=0
		while alive "${pids[i]}"; do
			n=$((n + 1))
			[ $n -gt 700 ] && kill -KILL "${pids[i]}" 2>/dev/null
			[ $n -gt 800 ] && break
			sleep 0.05
		done
	done
	pids=()
}

me() { id -un; }
sql() { mariadb --no-defaults --socket="$state/run/mariadb.sock" --user="$(me)" "$@"; }

start_mariadb() {
	if [ ! -f "$state/db/.ready" ]; then
		note "creating its data directory"
		rm -rf "$state/db.new"
		quiet "$state/log/mariadb-install.log" mariadb-install-db --no-defaults --force \
			--user="$(me)" --auth-root-authentication-method=socket \
			--auth-root-socket-user="$(me)" --skip-test-db \
			--datadir="$state/db.new" ||
			die "mariadb-install-db failed (see $state/log/mariadb-install.log)"
		rm -rf "$state/db"
		mv "$state/db.new" "$state/db"
		touch "$state/db/.ready"
	fi
	# a tmpdir of its own: a server that starts clears the one it is given
	mkdir -p "$state/db-tmp"
	start mariadb /usr/sbin/mariadbd --no-defaults --user="$(me)" \
		--datadir="$state/db" --tmpdir="$state/db-tmp" \
		--socket="$state/run/mariadb.sock" \
		--pid-file="$state/run/mariadb.pid" --skip-networking \
		--innodb-buffer-pool-size=128M --innodb-log-file-size=64M \
		--innodb-flush-log-at-trx-commit=1 --innodb-snapshot-isolation=ON \
		--performance-schema=OFF --key-buffer-size=1M --max-connections=100 \
		--max-allowed-packet=64M --local-infile=0 --skip-name-resolve \
		--character-set-server=utf8mb4 --collation-server=utf8mb4_bin
	wait_for 60 MariaDB sql -e 'SELECT 1'
	sql -e 'CREATE DATABASE IF NOT EXISTS orch CHARACTER SET utf8mb4 COLLATE utf8mb4_bin' ||
		die "cannot create the database orch"
}

write_settings() {
	[ -f "$state/orch.conf" ] && return 0
	cat >"$state/orch.conf.new" <<EOT
# Settings of this installation; orchctl config show lists all of them.
env = production
log_format = text
state_dir = $state
run_dir = $state/run
db_socket = $state/run/mariadb.sock
db_name = orch
db_user = $(me)
rate_limit_per_minute = 600
rate_limit_burst = 300
EOT
	mv "$state/orch.conf.new" "$state/orch.conf"
}

check_port() {
	if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then
		die "port $port of 127.0.0.1 is taken" "ORCH_PORT=8081 ./quickstart"
	fi
}

prepare_state() {
	case $port in *[!0-9]*|'') die "ORCH_PORT is not a number: $port" ;; esac
	if [ "${#state}" -gt 80 ]; then
		die "the path of the state directory is too long for a unix socket (${#state} characters, 80 at most): $state" \
			"ORCH_STATE=/shorter/path ./quickstart"
	fi
	(umask 077 && mkdir -p "$state/run" "$state/log" "$state/nginx") ||
		die "cannot create the state directory $state"
	chmod 700 "$state"
	exec 8>"$state/run/quickstart.lock"
	flock -n 8 || die "it is running already in $state" "stop the other ./quickstart first"
	check_port
}

orchctl() { "$root/bin/orchctl" -c "$state/orch.conf" "$@"; }

start_stack() {
	export ORCH_PORT="$port"
	step "database: private MariaDB in $state/db"
	start_mariadb
	write_settings
	quiet "$state/log/config.log" orchctl config check ||
		die "the settings in $state/orch.conf are not right"
	step "database: migrations"
	quiet "$state/log/migrate.log" orchctl migrate || die "orchctl migrate failed"
	password=
	if [ "$(orchctl user list --count 2>/dev/null)" = 0 ]; then
		step "first administrator"
		password=$(orchctl user add admin --role admin --random 2>"$state/log/user.log") ||
			die "cannot create the administrator (see $state/log/user.log)"
	fi
	step "orch-api, orch-live, orch-run"
	start orch-api "$root/sbin/orch-api" -c "$state/orch.conf"
	wait_for 30 orch-api test -S "$state/run/api.sock"
	start orch-run "$root/sbin/orch-run" -c "$state/orch.conf"
	step "nginx on 127.0.0.1:$port"
	orchctl nginx >"$state/nginx/nginx.conf" 2>"$state/log/nginx-config.log" ||
		die "cannot write the nginx configuration (see $state/log/nginx-config.log)"
	start nginx "$(PATH=$PATH:/usr/sbin command -v nginx)" -p "$state/nginx" \
		-e "$state/log/nginx-error.log" -c "$state/nginx/nginx.conf" -g 'daemon off;'
	wait_for 30 nginx curl -sf -o /dev/null "http://127.0.0.1:$port/readyz"
}

run_all() {
	local i
	printf 'CryptoOrchestrator quickstart\n'
	packages run
	build_all
	prepare_state
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	trap stop_all EXIT
	start_stack
	if [ "${ORCH_NO_DEMO-}" != 1 ]; then
		step "demo market and first paper bot"
		quiet "$state/log/demo.log" orchctl demo || die "orchctl demo failed"
	fi
	printf '\n  Open   http://127.0.0.1:%s/\n' "$port"
	if [ -n "$password" ]; then
		printf '  Sign in as   admin\n  Password     %s\n' "$password"
		printf '  (shown this once; change it on the Settings page)\n'
	else
		printf '  Sign in with your account (forgotten: %s/bin/orchctl -c %s/orch.conf user passwd admin)\n' "$root" "$state"
	fi
	printf '\n  Ctrl-C stops everything; the data stays in %s\n' "$state"
	while :; do
		for ((i = 0; i < ${#pids[@]}; i++)); do
			alive "${pids[i]}" || die "${names[i]} ended (see $state/log/${names[i]}.log)" \
				"run ./quickstart again; what it recorded is kept"
		done
		sleep 1
	done
}
