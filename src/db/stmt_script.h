/* stmt_script.h - part of the statement table, see stmts.h: strategies.
 * A strategy is seen by its owner, a starter (user_id NULL) by everybody. */
#define STRATEGY_SELECT							\
  "SELECT id, user_id, name, description, source, inputs, hash, created,"	\
  " changed FROM strategy "
X(Q_STRATEGY_GET, "uu", "uUssssuii", STRATEGY_SELECT
  "WHERE id = ? AND owner IN (0, ?) LIMIT 1")
X(Q_STRATEGY_ANY, "u", "uUssssuii", STRATEGY_SELECT "WHERE id = ? LIMIT 1")
X(Q_STRATEGY_FIND, "us", "uUssssuii", STRATEGY_SELECT
  "WHERE owner IN (0, ?) AND name = ? ORDER BY owner DESC LIMIT 1")
#undef STRATEGY_SELECT
X(Q_STRATEGY_LIST, "uuu", "uUsssii",
  "SELECT id, user_id, name, description, inputs, created, changed"
  " FROM strategy WHERE owner IN (0, ?) AND id > ? ORDER BY id LIMIT ?")
X(Q_STRATEGY_STARTERS, "", "usu",
  "SELECT id, name, hash FROM strategy WHERE owner = 0 LIMIT 1000")
X(Q_STRATEGY_ADD, "Ussssuii", "",
  "INSERT INTO strategy (user_id, name, description, source, inputs, hash,"
  " created, changed) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
X(Q_STRATEGY_SET, "ssssuiuu", "",
  "UPDATE strategy SET name = ?, description = ?, source = ?, inputs = ?,"
  " hash = ?, changed = ? WHERE id = ? AND owner = ?")
X(Q_STRATEGY_DEL, "uu", "", "DELETE FROM strategy WHERE id = ? AND user_id = ?")
