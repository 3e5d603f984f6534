#!/bin/sh
# shellcheck source=tests/integ/env.sh
# orchctl against a real database: migrate, user, doctor.
. "${top_srcdir:-.}/tests/integ/env.sh"
env_start
status() { "$@" >"$T/out" 2>&1; echo $?; }

# ---- migrate
like "doctor says that the schema is missing" "$(orchctl doctor 2>&1)" 'run orchctl migrate'
is "a dry run succeeds" "$(status orchctl migrate --dry-run)" 0
like "and says what it would do" "$(cat "$T/out")" 'would apply 0001-identity.sql'
is "and creates nothing" "$(sql "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='orch'")" 0

# Two runners at once: one applies, the other waits and finds nothing to do.
orchctl migrate >"$T/a" 2>&1 &
one=$!
orchctl migrate >"$T/b" 2>&1
is "the second of two runners succeeds" $? 0
wait $one
is "and so does the first" $? 0
is "one of them applied the schema" "$(cat "$T/a" "$T/b" | grep -c '^apply 0001')" 1
is "each migration is recorded once and finished" \
	"$(sql 'SELECT COUNT(*) - SUM(finished IS NOT NULL AND done > 0) FROM schema_migration')" 0
is "a third run finds nothing to do" "$(orchctl migrate 2>&1 | grep -c 'nothing to do')" 1
like "status lists them" "$(orchctl migrate --status)" '^0001-identity.sql +finished'
is "options that exclude each other are refused" "$(status orchctl migrate --again --took-effect)" 64
is "a directory without migrations is refused" "$(status orchctl migrate --dir "$T/log")" 74
mkdir "$T/sql"
cp "$top_srcdir"/sql/*.sql "$T/sql"
echo '-- changed' >>"$T/sql/0001-identity.sql"
is "a changed migration is refused" "$(status orchctl migrate --dir "$T/sql")" 65
like "and named" "$(cat "$T/out")" '0001-identity.sql was changed'

# A runner killed in the middle of a migration, when the fault points are in.
if grep -q 'define ENABLE_FAULTS' "$top_builddir/config.h"; then
	env_empty
	is "a runner killed before a statement is noticed" \
		"$(ORCH_FAULT=migrate.before:3 status orchctl migrate >/dev/null; orchctl migrate 2>&1 | grep -c 'broke off at statement 3')" 1
	ok "and goes on with --again" orchctl migrate --again
	env_empty
	is "a runner killed after a statement is noticed" \
		"$(ORCH_FAULT=migrate.after:2 status orchctl migrate >/dev/null; orchctl migrate 2>&1 | grep -c 'broke off at statement 2')" 1
	ok "and goes on with --took-effect" orchctl migrate --took-effect
	is "the schema is whole" "$(orchctl migrate --status | grep -vc finished)" 0
fi

# ---- user
is "no user exists at first" "$(orchctl user list --count)" 0
is "a user is added" "$(printf '%s\n' "$PASSWORD" | status orchctl user add anna --role admin --password-stdin)" 0
is "twice is once too often" "$(printf '%s\n' "$PASSWORD" | status orchctl user add anna --role admin --password-stdin)" 65
like "and the sentence says why" "$(cat "$T/out")" 'there is a user anna already'
is "a short password is refused" "$(echo short | status orchctl user add ben --role trader --password-stdin)" 65
is "an empty one too" "$(status orchctl user add ben --role trader --password-stdin </dev/null)" 65
is "a common one too" "$(echo password1234567 | status orchctl user add ben --role trader --password-stdin)" 65
is "a name that is SQL is refused" "$(status orchctl user add "x' OR '1'='1" --role admin --random)" 65
is "a role is needed" "$(status orchctl user add ben --random)" 64
is "a role is one of three" "$(status orchctl user add ben --random --role root)" 64
made=$(orchctl -q user add ben --role trader --random)
like "a random password is printed alone" "$made" '^[A-Za-z0-9]{24}$'
is "without a terminal and an option nothing is asked" "$(status setsid "$(prog orchctl)" -c "$T/orch.conf" user passwd ben </dev/null)" 65
is "a password is changed" "$(printf '%s\r\n' "$PASSWORD" | status orchctl user passwd ben --password-stdin)" 0
is "of a stranger it is not" "$(status orchctl user passwd nobody --random)" 66
is "a role is changed" "$(status orchctl user role ben viewer)" 0
is "it is the new one" "$(sql "SELECT role FROM user WHERE name='ben'")" 0
is "the last administrator cannot be disabled" "$(status orchctl user disable anna)" 65
is "nor made a trader" "$(status orchctl user role anna trader)" 65
is "another user can be disabled" "$(status orchctl user disable ben)" 0
like "which the list shows" "$(orchctl user list)" '^ben +viewer +disabled'
is "and enabled" "$(status orchctl user enable ben)" 0
is "passwords are argon2id with 64 MiB and three passes" \
	"$(sql "SELECT COUNT(*) FROM user WHERE password LIKE '\$argon2id\$v=19\$m=65536,t=3,p=1\$%'")" 2
is "no password is in the database" "$(grep -rlF "$made" "$T/data" | wc -l)" 0

# ---- doctor
is "doctor is content" "$(status orchctl doctor)" 0
like "and says so" "$(cat "$T/out")" 'invariants hold'
sql "UPDATE user SET password='plain' WHERE name='ben'"
is "doctor sees a broken invariant" "$(status orchctl doctor)" 70
like "and the row" "$(cat "$T/out")" 'name=ben'
env_stop mariadb
is "doctor sees that the database is away" "$(status orchctl doctor)" 70
is "and user says it is unavailable" "$(status orchctl user list)" 69
done_testing
