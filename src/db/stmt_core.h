/* stmt_core.h - part of the statement table, see stmts.h. */
X(Q_LOCK_GET, "sf", "I", "SELECT GET_LOCK(?, ?) LIMIT 1")
X(Q_LOCK_RELEASE, "s", "I", "SELECT RELEASE_LOCK(?) LIMIT 1")
X(Q_SCHEMA_VERSION, "", "I",
  "SELECT MAX(version) FROM schema_migration WHERE finished IS NOT NULL LIMIT 1")

/* migrate.c; times are milliseconds */
X(Q_MIG_LIST, "", "usuuuuuI",
  "SELECT version, name, length, crc, done, done_crc, running, finished"
  " FROM schema_migration ORDER BY version LIMIT 10000")
X(Q_MIG_ADD, "usuui", "",
  "INSERT INTO schema_migration (version, name, length, crc, started)"
  " VALUES (?, ?, ?, ?, ?)")
X(Q_MIG_RUNNING, "uu", "",
  "UPDATE schema_migration SET running = ? WHERE version = ?")
X(Q_MIG_DONE, "uuu", "",
  "UPDATE schema_migration SET running = 0, done = ?, done_crc = ?"
  " WHERE version = ?")
X(Q_MIG_FINISH, "suuiu", "",
  "UPDATE schema_migration SET name = ?, length = ?, crc = ?, finished = ?"
  " WHERE version = ?")
