/* stmt_core.h - part of the statement table, see stmts.h. */
X(Q_LOCK_GET, "sf", "I", "SELECT GET_LOCK(?, ?) LIMIT 1")
X(Q_LOCK_RELEASE, "s", "I", "SELECT RELEASE_LOCK(?) LIMIT 1")
X(Q_SCHEMA_VERSION, "", "I",
  "SELECT MAX(version) FROM schema_migration WHERE finished IS NOT NULL LIMIT 1")
