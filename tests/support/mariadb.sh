#!/bin/sh
# mariadb.sh - a private MariaDB for tests: unix socket only, small buffers.
#
#   mariadb.sh check         exit 0 when the server programs are installed
#   mariadb.sh prepare DIR   fill DIR/data from the template (made once)
#   mariadb.sh run DIR       become mariadbd on DIR/data (exec: the pid stays)
#
# The socket is DIR/mariadb.sock, the server's log DIR/mariadb.log.  Database
# `orch` and user `orch` (no password, all rights on orch.*) exist; root has no
# password.  DIR must be private (0700) and its path short (107 bytes with the
# socket's name).  A restart is `run` again.
#
# Each server has a tmpdir of its own: one that starts deletes every temporary
# table it finds there, those of running servers too.
#
# The template lives in $top_builddir/tests/integ/template and is rebuilt when
# the server's version changes.
set -eu
PATH=$PATH:/usr/sbin:/sbin
as_root=
[ "$(id -u)" != 0 ] || as_root=--user=root
builddir=${top_builddir:-.}

# Both the template and the server need the same layout of files.
layout='--innodb-log-file-size=4M --innodb-data-file-path=ibdata1:4M:autoextend
	--innodb-autoextend-increment=1 --innodb-buffer-pool-size=16M'

template() {
	name=$(mariadbd --no-defaults --version | cksum | tr ' ' '-')
	dir=$builddir/tests/integ/template/$name
	mkdir -p "$builddir/tests/integ/template"
	exec 8>"$builddir/tests/integ/template/lock"
	flock 8
	if [ ! -d "$dir" ]; then
		rm -rf "$dir.new"
		# shellcheck disable=SC2086  # options are words
		mariadb-install-db --no-defaults $as_root --force \
			--auth-root-authentication-method=normal \
			--skip-test-db --skip-name-resolve \
			--datadir="$dir.new" $layout >"$dir.log" 2>&1 8>&- || {
			cat "$dir.log" >&2
			echo "mariadb.sh: no template" >&2
			exit 1
		}
		mv "$dir.new" "$dir"
	fi
	exec 8>&-
}

case ${1:-} in
check)
	command -v mariadbd >/dev/null && command -v mariadb-install-db >/dev/null
	;;
prepare)
	template
	cp -R "$dir" "$2/data"
	mkdir "$2/tmp"
	cat >"$2/init.sql" <<-'SQL'
	CREATE DATABASE IF NOT EXISTS orch CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
	CREATE USER IF NOT EXISTS orch@localhost;
	GRANT ALL ON orch.* TO orch@localhost;
	SQL
	;;
run)
	# shellcheck disable=SC2086  # options are words
	exec mariadbd --no-defaults $as_root --datadir="$2/data" \
		--socket="$2/mariadb.sock" --pid-file="$2/mariadb.pid" \
		--tmpdir="$2/tmp" --log-error="$2/mariadb.log" --init-file="$2/init.sql" \
		--skip-networking --skip-log-bin --performance-schema=OFF \
		--local-infile=0 --max-connections=120 \
		--innodb-flush-log-at-trx-commit=1 \
		--innodb-snapshot-isolation=ON \
		--character-set-server=utf8mb4 --collation-server=utf8mb4_bin \
		$layout </dev/null >/dev/null 2>&1
	;;
*)
	echo "usage: mariadb.sh check | prepare DIR | run DIR" >&2
	exit 64
	;;
esac
