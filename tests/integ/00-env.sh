#!/bin/sh
# shellcheck source=tests/integ/env.sh
# The tests' own world: it starts, answers, survives kill -9, and is cleaned up.
. "${top_srcdir:-.}/tests/integ/env.sh"
env_start

is "the server answers" "$(sql 'SELECT 1+1')" 2
is "there is no TCP port" "$(sql 'SELECT @@skip_networking')" 1
is "snapshot isolation is on" "$(sql 'SELECT @@innodb_snapshot_isolation')" 1
ok "user orch may write in its database" mariadb --no-defaults -uorch \
	-S "$T/mariadb.sock" -e 'CREATE TABLE t (a INT) ENGINE=InnoDB; INSERT INTO t VALUES (7)' orch
nok "user orch may not see others' databases" mariadb --no-defaults -uorch \
	-S "$T/mariadb.sock" -e 'SELECT * FROM mysql.user' mysql
env_stop mariadb KILL
nok "a killed server does not answer" sql 'SELECT 1'
env_db
is "a restarted server has what was committed" "$(sql 'SELECT a FROM t')" 7

# A second world inside, killed as rudely as can be.
cat >"$T/inner.sh" <<'INNER'
. "$top_srcdir/tests/integ/env.sh"
env_start
echo "$T" >"$1"
kill -KILL $$
INNER
env -u T /bin/sh "$T/inner.sh" "$T/inner.dir" 2>/dev/null 9>&- || :
inner=$(cat "$T/inner.dir" 2>/dev/null)
ok "a killed test leaves no directory" wait_for 10 test ! -e "${inner:-/}"
nok "a killed test leaves no server" pgrep -f "datadir=$inner/data"
done_testing
