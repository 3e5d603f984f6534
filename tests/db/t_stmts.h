/* t_stmts.h - the statements of the db module's own tests. */
#include "db/stmt_core.h"
X(Q_T_ADD, "IUFSBM", "",
  "INSERT INTO t (i, u, f, s, b, m) VALUES (?, ?, ?, ?, ?, ?)")
X(Q_T_ALL, "", "uIUFSBM",
  "SELECT id, i, u, f, s, b, m FROM t ORDER BY id LIMIT 100000")
X(Q_T_GET, "u", "S", "SELECT s FROM t WHERE id = ? LIMIT 1")
X(Q_T_BY_MONEY, "m", "u", "SELECT id FROM t WHERE m = ? LIMIT 10")
X(Q_T_SET, "su", "", "UPDATE t SET s = ? WHERE id = ?")
X(Q_T_LOCK, "u", "S", "SELECT s FROM t WHERE id = ? LIMIT 1 FOR UPDATE")
X(Q_T_NOT_NULL, "", "i", "SELECT i FROM t ORDER BY id LIMIT 10")
X(Q_K_ADD, "is", "", "INSERT INTO k (id, s) VALUES (?, ?)")
X(Q_SLEEP, "f", "I", "SELECT SLEEP(?) LIMIT 1")
X(Q_BAL_ADD, "mu", "", "UPDATE bal SET m = m + ? WHERE id = ?")
X(Q_BAL_GET, "u", "m", "SELECT m FROM bal WHERE id = ? LIMIT 1")
X(Q_SESSION, "", "ssiis",
  "SELECT @@sql_mode, @@time_zone, @@innodb_snapshot_isolation,"
  " @@innodb_lock_wait_timeout, @@collation_connection LIMIT 1")
X(Q_LOCK_WAIT, "", "", "SET innodb_lock_wait_timeout = 1")
X(Q_CONN_ID, "", "i", "SELECT CONNECTION_ID() LIMIT 1")
#ifdef T_BAD_STMT
X(Q_BAD, "", "i", "SELECT no_such FROM t LIMIT 1")
#endif
