/* stmt_sweep.h - part of the statement table, see stmts.h: sweeps. */
X(Q_SWEEP_ADD, "usssUsssssuuiisi", "",
  "INSERT INTO sweep (user_id, name, notes, tags, strategy_id, strategy_name,"
  " source, inputs, rules_set, options, market_id, tf, from_ms, to_ms, spec,"
  " created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
X(Q_SWEEP_WAITING, "u", "i",
  "SELECT COUNT(*) FROM sweep WHERE user_id = ? AND state IN ('q', 'r')"
  " LIMIT 1")
#define SWEEP_COLUMNS							\
  "s.id, s.user_id, s.name, s.notes, s.tags, s.state, s.strategy_id,"	\
  " s.strategy_name, s.market_id, e.name, m.symbol, s.tf, s.from_ms,"	\
  " s.to_ms, s.inputs, s.rules_set, s.options, s.spec, s.error,"	\
  " s.created_ms, s.started_ms, s.finished_ms, s.begun_ms,"		\
  " s.begun_trials, s.trials_total, s.trials_done, s.best, s.statistics,"	\
  " s.folds, s.out_of_sample"
#define SWEEP_FROM							\
  " FROM sweep s JOIN market m ON m.id = s.market_id"			\
  " JOIN exchange e ON e.id = m.exchange_id "
#define SWEEP_TYPES "uussssUsussuiissssSiIIIuuuSSSS"
X(Q_SWEEP_GET, "u", SWEEP_TYPES "s",
  "SELECT " SWEEP_COLUMNS ", s.source" SWEEP_FROM "WHERE s.id = ? LIMIT 1")
X(Q_SWEEP_LIST, "uuussuuuussu", SWEEP_TYPES,
  "SELECT " SWEEP_COLUMNS SWEEP_FROM "WHERE s.user_id = ?"
  " AND (? = 0 OR s.id < ?) AND (? = '' OR s.state = ?)"
  " AND (? = 0 OR s.strategy_id = ?) AND (? = 0 OR s.market_id = ?)"
  " AND (? = '' OR JSON_CONTAINS(s.tags, ?)) ORDER BY s.id DESC LIMIT ?")
#undef SWEEP_COLUMNS
#undef SWEEP_FROM
#undef SWEEP_TYPES
X(Q_SWEEP_PATCH, "sssu", "",
  "UPDATE sweep SET name = ?, notes = ?, tags = ? WHERE id = ?")
X(Q_SWEEP_DEL, "u", "", "DELETE FROM sweep WHERE id = ?")
X(Q_SWEEP_CANCEL, "iu", "",
  "UPDATE sweep SET state = 'c', finished_ms = ?"
  " WHERE id = ? AND state IN ('q', 'r')")
X(Q_SWEEP_RESUME, "u", "",
  "UPDATE sweep SET state = 'q', finished_ms = NULL, error = NULL"
  " WHERE id = ? AND state IN ('c', 'f')")

/* by the workers: first the row is locked, then all else is done */
X(Q_SWEEP_LOCK, "u", "s",
  "SELECT state FROM sweep WHERE id = ? LIMIT 1 FOR UPDATE")
X(Q_SWEEP_STATE, "u", "s", "SELECT state FROM sweep WHERE id = ? LIMIT 1")
X(Q_SWEEP_BEGIN, "iiuuuu", "",
  "UPDATE sweep SET state = 'r', started_ms = COALESCE(started_ms, ?),"
  " begun_ms = ?, trials_total = ?, trials_done = ?, begun_trials = ?"
  " WHERE id = ? AND state IN ('q', 'r')")
X(Q_SWEEP_TRIAL_PUT, "uuusFuSss", "",
  "REPLACE INTO sweep_trial (sweep_id, fold, number, inputs, score, kept,"
  " error, metrics, returns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
X(Q_SWEEP_COUNT, "u", "i",
  "SELECT COUNT(*) FROM sweep_trial WHERE sweep_id = ? LIMIT 1")
X(Q_SWEEP_COUNT_IN, "uuuu", "i",
  "SELECT COUNT(*) FROM sweep_trial WHERE sweep_id = ? AND fold = ?"
  " AND number >= ? AND number < ? LIMIT 1")
X(Q_SWEEP_SCORES, "u", "uuF",
  "SELECT fold, number, score FROM sweep_trial WHERE sweep_id = ?"
  " ORDER BY fold, number LIMIT 200000")
X(Q_SWEEP_TRIALS, "u", "uusFuSss",
  "SELECT fold, number, inputs, score, kept, error, metrics, returns"
  " FROM sweep_trial WHERE sweep_id = ? ORDER BY fold, number LIMIT 200000")
X(Q_SWEEP_BEST, "u", "uusfs",
  "SELECT fold, number, inputs, score, metrics FROM sweep_trial"
  " WHERE sweep_id = ? AND score IS NOT NULL"
  " ORDER BY score DESC, fold DESC, number LIMIT 1")
X(Q_SWEEP_PROGRESS, "uSu", "",
  "UPDATE sweep SET trials_done = ?, best = ? WHERE id = ? AND state = 'r'")
X(Q_SWEEP_DONE, "iSsSSu", "",
  "UPDATE sweep SET state = 'd', finished_ms = ?, best = ?, statistics = ?,"
  " folds = ?, out_of_sample = ? WHERE id = ? AND state = 'r'")
X(Q_SWEEP_FAIL, "siu", "",
  "UPDATE sweep SET state = 'f', error = ?, finished_ms = ?"
  " WHERE id = ? AND state IN ('q', 'r')")
/* one whose jobs were all given up would run for ever */
X(Q_SWEEP_LOST, "i", "",
  "UPDATE sweep s SET s.state = 'f', s.finished_ms = ?, s.error = 'a part of"
  " it was given up: see the log; it can be continued'"
  " WHERE s.state IN ('q', 'r') AND NOT EXISTS (SELECT 1 FROM job j"
  " WHERE j.state IN ('q', 'r')"
  " AND j.unique_name LIKE CONCAT('sweep:', s.id, ':%'))")
X(Q_SWEEP_PRUNE, "i", "",
  "DELETE FROM sweep WHERE state IN ('d', 'f', 'c') AND finished_ms < ?"
  " AND notes = '' AND tags = '[]' LIMIT 20")

/* for the pages */
X(Q_SWEEP_BY_NUMBER, "uuuuu", "uusFuSs",
  "SELECT fold, number, inputs, score, kept, error, metrics FROM sweep_trial"
  " WHERE sweep_id = ? AND (fold > ? OR (fold = ? AND number >= ?))"
  " ORDER BY fold, number LIMIT ?")
X(Q_SWEEP_BY_SCORE, "uuu", "uusFuSs",
  "SELECT fold, number, inputs, score, kept, error, metrics FROM sweep_trial"
  " WHERE sweep_id = ? ORDER BY score IS NULL, score DESC, fold DESC, number"
  " LIMIT ?, ?")
X(Q_SWEEP_CELLS, "sssu", "SSFF",
  "SELECT JSON_VALUE(inputs, ?), JSON_VALUE(inputs, ?), score,"
  " CAST(JSON_VALUE(metrics, ?) AS DOUBLE) FROM sweep_trial"
  " WHERE sweep_id = ? ORDER BY fold, number LIMIT 200000")
