/* stmt_ops.h - part of the statement table, see stmts.h: jobs, the log of
 * browsers and bots, error reports. */
X(Q_JOB_ADD, "susSii", "",
  "INSERT INTO job (kind, user_id, input, unique_name, due_ms, created_ms) "
  "VALUES (?, ?, ?, ?, ?, ?)")
X(Q_JOB_TAKE, "usiiis", "",
  "UPDATE job SET state = 'r', lease = ?, worker = ?, due_ms = ?, "
  "started_ms = ?, permille = 0, attempts = attempts + 1 "
  "WHERE state IN ('q', 'r') AND due_ms <= ? AND attempts < max_attempts "
  "AND FIND_IN_SET(kind, ?) ORDER BY due_ms, id LIMIT 1")
X(Q_JOB_TAKEN, "u", "uussu",
  "SELECT id, user_id, kind, input, attempts FROM job "
  "WHERE state = 'r' AND lease = ? LIMIT 1")
X(Q_JOB_LOST, "ii", "",
  "UPDATE job SET state = 'f', unique_name = NULL, finished_ms = ?, "
  "error = 'its worker was lost each time' "
  "WHERE state = 'r' AND due_ms <= ? AND attempts >= max_attempts")
X(Q_JOB_RENEW, "iuuu", "",
  "UPDATE job SET due_ms = ?, permille = ? "
  "WHERE id = ? AND state = 'r' AND lease = ?")
X(Q_JOB_FINISH, "sSSiuu", "",
  "UPDATE job SET state = ?, result = ?, error = ?, finished_ms = ?, "
  "unique_name = NULL, permille = IF(state = 'd', 1000, permille) "
  "WHERE id = ? AND state = 'r' AND lease = ?")
X(Q_JOB_RETRY, "isuu", "",
  "UPDATE job SET state = 'q', due_ms = ?, error = ? "
  "WHERE id = ? AND state = 'r' AND lease = ? AND attempts < max_attempts")
X(Q_JOB_DEPTH, "", "si",
  "SELECT state, COUNT(*) FROM job WHERE state IN ('q', 'r') GROUP BY state "
  "LIMIT 2")
X(Q_JOB_PRUNE, "i", "",
  "DELETE FROM job WHERE state IN ('d', 'f') AND due_ms < ? LIMIT 1000")
X(Q_APP_LOG_ADD, "isiUUSsSu", "",
  "INSERT INTO app_log (t_ms, source, level, user_id, bot_id, request_id, "
  "message, context, count) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)")
X(Q_APP_LOG_ALL, "ussissssu", "uisiUUSsSu",
  "SELECT id, t_ms, source, level, user_id, bot_id, request_id, message, "
  "context, count FROM app_log WHERE id < ? AND (? = '' OR source = ?) "
  "AND level >= ? AND (? = '' OR request_id = ?) "
  "AND (? = '' OR message LIKE ?) ORDER BY id DESC LIMIT ?")
X(Q_APP_LOG_USER, "uussissssu", "uisiUUSsSu",
  "SELECT id, t_ms, source, level, user_id, bot_id, request_id, message, "
  "context, count FROM app_log WHERE user_id = ? AND id < ? "
  "AND (? = '' OR source = ?) AND level >= ? AND (? = '' OR request_id = ?) "
  "AND (? = '' OR message LIKE ?) ORDER BY id DESC LIMIT ?")
X(Q_APP_LOG_BOT, "uuuussissssu", "uisiUUSsSu",
  "SELECT id, t_ms, source, level, user_id, bot_id, request_id, message, "
  "context, count FROM app_log WHERE bot_id = ? AND (? = 0 OR user_id = ?) "
  "AND id < ? "
  "AND (? = '' OR source = ?) AND level >= ? AND (? = '' OR request_id = ?) "
  "AND (? = '' OR message LIKE ?) ORDER BY id DESC LIMIT ?")
X(Q_APP_LOG_PRUNE, "i", "", "DELETE FROM app_log WHERE t_ms < ? LIMIT 1000")
X(Q_REPORT_ADD, "issi", "",
  "INSERT INTO error_report (t_ms, event_id, event, next_ms) "
  "VALUES (?, ?, ?, ?)")
X(Q_REPORT_DUE, "iu", "ussu",
  "SELECT id, event_id, event, attempts FROM error_report "
  "WHERE next_ms <= ? ORDER BY next_ms, id LIMIT ?")
X(Q_REPORT_LATER, "iu", "",
  "UPDATE error_report SET attempts = attempts + 1, next_ms = ? WHERE id = ?")
X(Q_REPORT_DEL, "u", "", "DELETE FROM error_report WHERE id = ?")
X(Q_REPORT_PRUNE, "i", "",
  "DELETE FROM error_report WHERE t_ms < ? LIMIT 1000")
X(Q_LIVE_SESSION, "uii", "u",
  "SELECT u.role FROM session s JOIN user u ON u.id = s.user_id "
  "WHERE s.id = ? AND s.expires > ? AND s.seen > ? AND u.disabled IS NULL "
  "LIMIT 1")
X(Q_LIVE_TOKEN, "ui", "u",
  "SELECT u.role FROM api_token t JOIN user u ON u.id = t.user_id "
  "WHERE t.id = ? AND t.expires > ? AND u.disabled IS NULL LIMIT 1")
