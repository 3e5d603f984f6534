/* stmt_model.h - part of the statement table, see stmts.h: models. */
X(Q_MODEL_ADD, "usssUuuiiiisUi", "",
  "INSERT INTO model (user_id, name, notes, kind, parent_id, market_id, tf,"
  " train_from, train_to, valid_to, test_to, spec, retrain_days, created_ms)"
  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
X(Q_MODEL_QUEUE, "uu", "", "UPDATE model SET job_id = ? WHERE id = ?")
X(Q_MODEL_WAITING, "u", "i",
  "SELECT COUNT(*) FROM model WHERE user_id = ? AND state IN ('q', 't')"
  " LIMIT 1")
#define MODEL_COLUMNS							\
  "m.id, m.user_id, m.name, m.notes, m.kind, m.state, m.parent_id,"	\
  " m.market_id, e.name, k.symbol, m.tf, m.train_from, m.train_to,"	\
  " m.valid_to, m.test_to, m.spec, m.retrain_days, m.permille, m.eta_ms,"	\
  " m.error, m.created_ms, m.started_ms, m.trained_ms, m.promoted_ms,"	\
  " m.ended_ms, m.checksum, m.feature_hash, m.size, m.metrics, m.verdict,"	\
  " m.better, m.generation, m.drift, m.drift_psi, m.drift_ms, m.cancel"
#define MODEL_FROM							\
  " FROM model m JOIN market k ON k.id = m.market_id"			\
  " JOIN exchange e ON e.id = k.exchange_id "
#define MODEL_TYPES "uussssUussuiiiisUuISiIIIISSuSSUuSFIu"
X(Q_MODEL_GET, "u", MODEL_TYPES,
  "SELECT " MODEL_COLUMNS MODEL_FROM "WHERE m.id = ? LIMIT 1")
/* the one in use of a user's name */
X(Q_MODEL_ACTIVE, "us", MODEL_TYPES,
  "SELECT " MODEL_COLUMNS MODEL_FROM "JOIN model_active a ON a.model_id = m.id"
  " WHERE a.user_id = ? AND a.name = ? LIMIT 1")
X(Q_MODEL_LIST, "uuussssuuu", MODEL_TYPES,
  "SELECT " MODEL_COLUMNS MODEL_FROM "WHERE m.user_id = ?"
  " AND (? = 0 OR m.id < ?) AND (? = '' OR m.state = ?)"
  " AND (? = '' OR m.kind = ?) AND (? = 0 OR m.market_id = ?)"
  " ORDER BY m.id DESC LIMIT ?")
/* all that are in use, for those who watch over them; id > ? */
X(Q_MODEL_ALL_ACTIVE, "u", MODEL_TYPES,
  "SELECT " MODEL_COLUMNS MODEL_FROM "WHERE m.state = 'a' AND m.id > ?"
  " ORDER BY m.id LIMIT 100")
/* in use, older than their retrain_days, and no successor under way */
X(Q_MODEL_DUE, "i", MODEL_TYPES,
  "SELECT " MODEL_COLUMNS MODEL_FROM "WHERE m.state = 'a'"
  " AND m.retrain_days IS NOT NULL"
  " AND GREATEST(m.trained_ms, COALESCE((SELECT MAX(c.created_ms) FROM model c"
  " WHERE c.parent_id = m.id), 0)) + m.retrain_days * 86400000 <= ?"
  " AND NOT EXISTS (SELECT 1 FROM model c WHERE c.parent_id = m.id"
  " AND c.state IN ('q', 't')) ORDER BY m.id LIMIT 20")
#undef MODEL_COLUMNS
#undef MODEL_FROM
#undef MODEL_TYPES
X(Q_MODEL_EVALUATION, "u", "S",
  "SELECT evaluation FROM model WHERE id = ? LIMIT 1")
X(Q_MODEL_PATCH, "sUu", "",
  "UPDATE model SET notes = ?, retrain_days = ? WHERE id = ?")
/* a name may change while the model stands in no list of those in use */
X(Q_MODEL_RENAME, "su", "",
  "UPDATE model SET name = ?, generation = 0 WHERE id = ?"
  " AND state IN ('q', 't', 'd', 'f', 'c')")
X(Q_MODEL_DEL, "u", "",
  "DELETE FROM model WHERE id = ? AND state <> 'a' AND NOT EXISTS"
  " (SELECT 1 FROM bot_model b WHERE b.model_id = model.id)")
X(Q_MODEL_CANCEL_QUEUED, "iu", "",
  "UPDATE model SET state = 'c', cancel = 1, ended_ms = ?, eta_ms = NULL"
  " WHERE id = ? AND state = 'q'")
X(Q_MODEL_CANCEL_TRAINING, "u", "",
  "UPDATE model SET cancel = 1 WHERE id = ? AND state = 't'")
X(Q_MODEL_RESUME, "u", "",
  "UPDATE model SET state = 'q', cancel = 0, ended_ms = NULL, error = NULL"
  " WHERE id = ? AND state IN ('c', 'f')")

/* by the worker that trains it */
X(Q_MODEL_BEGIN, "uiu", "",
  "UPDATE model SET state = 't', lease = ?, eta_ms = NULL,"
  " started_ms = COALESCE(started_ms, ?)"
  " WHERE id = ? AND state IN ('q', 't') AND cancel = 0")
X(Q_MODEL_PROGRESS, "uIuu", "",
  "UPDATE model SET permille = ?, eta_ms = ?"
  " WHERE id = ? AND state = 't' AND lease = ? AND cancel = 0")
X(Q_MODEL_HELD, "uu", "u",
  "SELECT cancel FROM model WHERE id = ? AND state = 't' AND lease = ? LIMIT 1"
  " FOR UPDATE")
X(Q_MODEL_FAIL, "siuu", "",
  "UPDATE model SET state = 'f', error = ?, ended_ms = ?, eta_ms = NULL"
  " WHERE id = ? AND state = 't' AND lease = ?")
X(Q_MODEL_CANCELLED, "iu", "",
  "UPDATE model SET state = 'c', ended_ms = ?, eta_ms = NULL"
  " WHERE id = ? AND state IN ('q', 't') AND cancel = 1")
X(Q_MODEL_DONE, "iisssusSSUu", "",
  "UPDATE model SET state = 'd', error = NULL, permille = 1000, eta_ms = NULL,"
  " trained_ms = ?, ended_ms = ?, kind = ?, checksum = ?, feature_hash = ?,"
  " size = ?, metrics = ?, evaluation = ?, verdict = ?, better = ?"
  " WHERE id = ?")
X(Q_MODEL_PART_ADD, "uub", "",
  "INSERT INTO model_part (model_id, part, data) VALUES (?, ?, ?)")
X(Q_MODEL_PART, "uu", "b",
  "SELECT data FROM model_part WHERE model_id = ? AND part = ? LIMIT 1")
X(Q_MODEL_POINT_ADD, "uuFFFF", "",
  "REPLACE INTO model_point (model_id, epoch, train_loss, valid_loss,"
  " valid_accuracy, rate) VALUES (?, ?, ?, ?, ?, ?)")
X(Q_MODEL_POINTS, "u", "uFFFF",
  "SELECT epoch, train_loss, valid_loss, valid_accuracy, rate FROM model_point"
  " WHERE model_id = ? ORDER BY epoch LIMIT 20000")
X(Q_MODEL_CHECKS_DEL, "u", "", "DELETE FROM model_checkpoint WHERE model_id = ?")
X(Q_MODEL_CHECK_ADD, "uub", "",
  "INSERT INTO model_checkpoint (model_id, part, data) VALUES (?, ?, ?)")
X(Q_MODEL_CHECK, "uu", "b",
  "SELECT data FROM model_checkpoint WHERE model_id = ? AND part = ? LIMIT 1")

/* a job that was lost each time leaves its row */
X(Q_MODEL_LOST, "i", "",
  "UPDATE model m JOIN job j ON j.id = m.job_id"
  " SET m.state = 'f', m.error = CONCAT('it was given up and can be continued: ',"
  " COALESCE(j.error, 'its job ended')), m.ended_ms = ?, m.eta_ms = NULL"
  " WHERE m.state IN ('q', 't') AND j.state IN ('d', 'f')")

/* which one is in use: the row of the name is locked first */
X(Q_MODEL_NAME_MAKE, "us", "",
  "INSERT INTO model_active (user_id, name, model_id, generation)"
  " VALUES (?, ?, NULL, 0) ON DUPLICATE KEY UPDATE generation = generation")
X(Q_MODEL_NAME_LOCK, "us", "Uu",
  "SELECT model_id, generation FROM model_active WHERE user_id = ?"
  " AND name = ? LIMIT 1 FOR UPDATE")
X(Q_MODEL_NAME_SET, "Uuus", "",
  "UPDATE model_active SET model_id = ?, generation = ?"
  " WHERE user_id = ? AND name = ?")
X(Q_MODEL_ACTIVATE, "uiu", "",
  "UPDATE model SET state = 'a', generation = ?, promoted_ms = ?"
  " WHERE id = ? AND state IN ('d', 'r')")
X(Q_MODEL_RETIRE, "u", "",
  "UPDATE model SET state = 'r' WHERE id = ? AND state IN ('a', 'd')")
X(Q_MODEL_GENERATION_UP, "", "",
  "INSERT INTO model_generation (id, number) VALUES (1, 1)"
  " ON DUPLICATE KEY UPDATE number = number + 1")
X(Q_MODEL_GENERATION, "", "u",
  "SELECT number FROM model_generation WHERE id = 1 LIMIT 1")
X(Q_MODEL_DRIFT, "sfiu", "",
  "UPDATE model SET drift = ?, drift_psi = ?, drift_ms = ? WHERE id = ?")

/* what a bot asked */
X(Q_BOT_MODEL_ADD, "usiU", "",
  "REPLACE INTO bot_model (bot_id, name, from_ms, model_id)"
  " VALUES (?, ?, ?, ?)")
X(Q_BOT_MODELS, "u", "siU",
  "SELECT name, from_ms, model_id FROM bot_model WHERE bot_id = ?"
  " ORDER BY from_ms, name LIMIT 10000")
