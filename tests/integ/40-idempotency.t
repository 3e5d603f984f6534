# A creating POST with a key is done once.
--- a token made with a key is made once and shown once
POST /api/v1/tokens as anna
+ Idempotency-Key: 5f7c2a9e-1
{"name":"once","scopes":["read"],"expires_days":7}
<<< 201
POST /api/v1/tokens as anna
+ Idempotency-Key: 5f7c2a9e-1
{"name":"once","scopes":["read"],"expires_days":7}
<<< 409
sql> SELECT COUNT(*) FROM api_token WHERE name = 'once' => 1
sql> SELECT COUNT(*) FROM idempotency WHERE answer LIKE '%bot\_%' => 0

--- the same key with another body is refused
POST /api/v1/tokens as anna
+ Idempotency-Key: 5f7c2a9e-1
{"name":"other","scopes":["read"],"expires_days":7}
<<< 422
sql> SELECT COUNT(*) FROM api_token WHERE name = 'other' => 0

--- what was refused may be tried again with the same key
POST /api/v1/tokens as anna
+ Idempotency-Key: 5f7c2a9e-2
{"name":"","scopes":["read"]}
<<< 400
POST /api/v1/tokens as anna
+ Idempotency-Key: 5f7c2a9e-2
{"name":"second try","scopes":["read"]}
<<< 201

--- a key must be short visible text
POST /api/v1/tokens as anna
+ Idempotency-Key: a b
{"name":"x","scopes":["read"]}
<<< 400
.field == "Idempotency-Key"
