# Signing in, sessions, tokens.
--- nobody is 401
GET /api/v1/me
<<< 401
.code == "UNAUTH"
.detail == "Sign in first."

--- a wrong password and an unknown name get the same answer
POST /api/v1/login
{"name":"anna","password":"not the right password"}
<<< 401
.detail == "Name or password is wrong."
nohead Set-Cookie
POST /api/v1/login
{"name":"nobody-of-that-name","password":"not the right password"}
<<< 401
.detail == "Name or password is wrong."

--- signing in gives a cookie that scripts cannot read
POST /api/v1/login
{"name":"anna","password":"${PASSWORD}"}
<<< 200
.user.name == "anna"
.user.role == "trader"
head Set-Cookie ~ ^sid=[A-Za-z0-9_-]{43}; Path=/; HttpOnly; SameSite=Strict; Max-Age=[0-9]+$
head Cache-Control = no-store

--- the cookie is in the database as a hash only
sql> SELECT COUNT(*) FROM session WHERE LENGTH(hash) <> 32 => 0

--- who am I
GET /api/v1/me as anna
<<< 200
.user.name == "anna"
(.csrf | length) == 43
.env == "production"

--- a made-up session is 401
GET /api/v1/me
+ Cookie: sid=0123456789012345678901234567890123456789012
<<< 401

--- a write without the CSRF token is refused
PATCH /api/v1/me as anna
- X-CSRF-Token
{"preferences":{"theme":"dark"}}
<<< 403
.code == "DENIED"

--- a write from another site is refused, whatever it carries
PATCH /api/v1/me as anna
+ Sec-Fetch-Site: cross-site
{"preferences":{"theme":"dark"}}
<<< 403
PATCH /api/v1/me as anna
+ Origin: https://evil.example
{"preferences":{"theme":"dark"}}
<<< 403
POST /api/v1/login
+ Sec-Fetch-Site: cross-site
{"name":"anna","password":"${PASSWORD}"}
<<< 403
sql> SELECT COUNT(*) FROM user WHERE preferences LIKE '%dark%' => 0

--- preferences are changed in parts
PATCH /api/v1/me as anna
{"preferences":{"theme":"dark"}}
<<< 204
PATCH /api/v1/me as anna
{"preferences":{"timezone":"Europe/Berlin"}}
<<< 204
GET /api/v1/me as anna
<<< 200
.preferences.theme == "dark"
.preferences.timezone == "Europe/Berlin"

--- nobody gives themselves a role
PATCH /api/v1/me as anna
{"role":"admin"}
<<< 400
.field == "role"
sql> SELECT role FROM user WHERE name = 'anna' => 1

--- a token is shown once and works within its scope
POST /api/v1/tokens as anna
{"name":"reader","scopes":["read"],"expires_days":7}
<<< 201
head Location ~ ^/api/v1/tokens/[0-9]+$
(.token | test("^bot_[A-Za-z0-9_-]{8}_[A-Za-z0-9_-]{43}$"))
save READER .token
save READER_ID .id
GET /api/v1/me as token READER
<<< 200
.user.name == "anna"
.csrf == null
POST /api/v1/tokens as token READER
{"name":"x","scopes":["trade"]}
<<< 403
GET /api/v1/sessions as token READER
<<< 403
GET /api/v1/tokens as anna
<<< 200
(.items | map(select(.name == "reader")) | length) == 1
([.. | strings] | map(test("_[A-Za-z0-9_-]{43}")) | any) == false

--- another user does not see or end it
GET /api/v1/tokens as bert
<<< 200
.items == []
DELETE /api/v1/tokens/${READER_ID} as bert
<<< 404
GET /api/v1/me as token READER
<<< 200

--- a revoked token is dead at once, in every worker
DELETE /api/v1/tokens/${READER_ID} as anna
<<< 204
run> for i in 1 2 3 4 5 6 7 8 9 10 11 12; do [ "$(curl -s -o /dev/null -w '%{http_code}' --unix-socket "$T/nginx/http.sock" -H "Authorization: Bearer $(cat "$T/var.READER")" http://localhost/api/v1/me)" = 401 ]; done

--- an expired token is dead
POST /api/v1/tokens as anna
{"name":"old","scopes":["read"],"expires_days":1}
<<< 201
save OLD .token
run> sql "UPDATE api_token SET expires = 1 WHERE name = 'old'"
GET /api/v1/me as token OLD
<<< 401

--- malformed tokens are 401
GET /api/v1/me
+ Authorization: Bearer x
<<< 401
GET /api/v1/me
+ Authorization: Basic YW5uYTpwYXNz
<<< 401

--- sessions are listed, and one of them is this one
GET /api/v1/sessions as anna
<<< 200
(.items | map(select(.current)) | length) == 1
(.items | length) >= 2

--- an expired session is 401
run> login carl
run> sql "UPDATE session SET expires = 1 WHERE user_id = (SELECT id FROM user WHERE name = 'carl')"
run> sleep 5.2
GET /api/v1/me as carl
<<< 401

--- a password that breaks a rule is refused with the rule
POST /api/v1/me/password as bert
{"old":"${PASSWORD}","new":"short"}
<<< 422
(.detail | test("15"))
POST /api/v1/me/password as bert
{"old":"wrong","new":"a new and much longer password"}
<<< 400
.field == "old"

--- signing out ends the session in every worker
POST /api/v1/login
{"name":"dora","password":"${PASSWORD}"}
<<< 200
run> login dora
POST /api/v1/logout as dora
<<< 204
head Set-Cookie ~ ^sid=; .*Max-Age=0
GET /api/v1/me as dora
<<< 401
