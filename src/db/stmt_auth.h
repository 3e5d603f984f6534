/* stmt_auth.h - part of the statement table, see stmts.h. */

/* users */
X(Q_USER_ADD, "susii", "",
  "INSERT INTO user (name, role, password, created, password_set)"
  " VALUES (?, ?, ?, ?, ?)")
X(Q_USER_LOGIN, "s", "uusIB",
  "SELECT id, role, password, disabled, totp_secret FROM user"
  " WHERE name = ? LIMIT 1")
X(Q_USER_OTHER_ADMINS, "u", "u",
  "SELECT id FROM user WHERE role = 2 AND disabled IS NULL AND id <> ?"
  " LIMIT 1 FOR UPDATE")
X(Q_USER_LIST, "", "usuiII",
  "SELECT id, name, role, created, disabled, last_login FROM user"
  " ORDER BY name LIMIT 1000")
X(Q_USER_PASSWORD_SET, "siu", "",
  "UPDATE user SET password = ?, password_set = ? WHERE id = ?")
X(Q_USER_REHASH, "sus", "",
  "UPDATE user SET password = ? WHERE id = ? AND password = ?")
X(Q_USER_LOGGED_IN, "iu", "", "UPDATE user SET last_login = ? WHERE id = ?")
X(Q_USER_ROLE_SET, "uu", "", "UPDATE user SET role = ? WHERE id = ?")
X(Q_USER_DISABLE, "Iu", "", "UPDATE user SET disabled = ? WHERE id = ?")
X(Q_USER_PREFERENCES, "u", "s",
  "SELECT preferences FROM user WHERE id = ? LIMIT 1")
X(Q_USER_PREFERENCES_SET, "su", "",
  "UPDATE user SET preferences = JSON_MERGE_PATCH(preferences, ?)"
  " WHERE id = ?")

/* sessions */
X(Q_SESSION_ADD, "ubiiiiSS", "",
  "INSERT INTO session (user_id, hash, created, seen, expires, proved, address,"
  " agent) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
X(Q_SESSION_FIND, "b", "uusuiii",
  "SELECT s.id, u.id, u.name, u.role, s.seen, s.expires, s.proved"
  " FROM session s JOIN user u ON u.id = s.user_id"
  " WHERE s.hash = ? AND u.disabled IS NULL LIMIT 1")
X(Q_SESSION_SEEN, "iui", "",
  "UPDATE session SET seen = ? WHERE id = ? AND seen < ?")
X(Q_SESSION_LIST, "uii", "uiiiSS",
  "SELECT id, created, seen, expires, address, agent FROM session"
  " WHERE user_id = ? AND expires > ? AND seen > ? ORDER BY id DESC LIMIT 200")
X(Q_SESSION_DEL, "uu", "", "DELETE FROM session WHERE id = ? AND user_id = ?")
X(Q_SESSION_DEL_HASH, "b", "", "DELETE FROM session WHERE hash = ?")
X(Q_SESSION_DEL_OTHERS, "uu", "",
  "DELETE FROM session WHERE user_id = ? AND id <> ?")
X(Q_SESSION_PURGE, "uii", "",
  "DELETE FROM session WHERE user_id = ? AND (expires <= ? OR seen <= ?)")

/* of all users, for the cleaning job */
X(Q_SESSION_PRUNE, "ii", "",
  "DELETE FROM session WHERE expires <= ? OR seen <= ? LIMIT 1000")
X(Q_TOKEN_PRUNE, "i", "", "DELETE FROM api_token WHERE expires <= ? LIMIT 1000")

/* tokens */
X(Q_TOKEN_ADD, "usbsuii", "",
  "INSERT INTO api_token (user_id, public_id, hash, name, scopes, created,"
  " expires) VALUES (?, ?, ?, ?, ?, ?, ?)")
X(Q_TOKEN_FIND, "s", "uusubuiI",
  "SELECT t.id, u.id, u.name, u.role, t.hash, t.scopes, t.expires, t.seen"
  " FROM api_token t JOIN user u ON u.id = t.user_id"
  " WHERE t.public_id = ? AND u.disabled IS NULL LIMIT 1")
X(Q_TOKEN_SEEN, "iui", "",
  "UPDATE api_token SET seen = ? WHERE id = ? AND COALESCE(seen, 0) < ?")
X(Q_TOKEN_LIST, "u", "ussuiiI",
  "SELECT id, name, public_id, scopes, created, expires, seen FROM api_token"
  " WHERE user_id = ? ORDER BY id DESC LIMIT 200")
X(Q_TOKEN_COUNT, "u", "i",
  "SELECT COUNT(*) FROM api_token WHERE user_id = ? LIMIT 1")
X(Q_TOKEN_DEL, "uu", "", "DELETE FROM api_token WHERE id = ? AND user_id = ?")
X(Q_TOKEN_PURGE, "ui", "",
  "DELETE FROM api_token WHERE user_id = ? AND expires <= ?")

/* throttling: the two subjects of an attempt */
X(Q_THROTTLE_GET, "bb", "I",
  "SELECT MAX(until) FROM login_throttle WHERE subject IN (?, ?) LIMIT 1")
/* now, until after 1.., for both; the assignments see the ones before them */
X(Q_THROTTLE_FAIL, "biiiiii", "",
  "INSERT INTO login_throttle (subject, fails, last, until) VALUES (?, 1, ?, 0)"
  " ON DUPLICATE KEY UPDATE fails = IF(last < ?, 1, LEAST(fails + 1, 1000)),"
  " last = ?, until = IF(fails >= ?, ? + LEAST(1000 * POW(2, fails - ?),"
  " 900000), 0)")
X(Q_THROTTLE_CLEAR, "b", "", "DELETE FROM login_throttle WHERE subject = ?")
X(Q_THROTTLE_PURGE, "i", "",
  "DELETE FROM login_throttle WHERE last < ? LIMIT 1000")

/* Idempotency-Key */
X(Q_IDEM_GET, "us", "uiSs",
  "SELECT body_hash, status, location, answer FROM idempotency"
  " WHERE user_id = ? AND ikey = ? LIMIT 1")
X(Q_IDEM_ADD, "ussuiSsi", "",
  "INSERT INTO idempotency (user_id, ikey, operation, body_hash, status,"
  " location, answer, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)")
X(Q_IDEM_PURGE, "i", "",
  "DELETE FROM idempotency WHERE created < ? LIMIT 1000")
