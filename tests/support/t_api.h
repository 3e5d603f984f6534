#ifndef TESTS_T_API_H
#define TESTS_T_API_H
/* t_api.h - the whole API against a private MariaDB, without nginx.
 *
 *	static void a_bot_is_made(void **state)
 *	{
 *		t_api_user("anna", "trader");
 *		assert_int_equal(t_api("anna", "POST", "/api/v1/bots",
 *				       "{\"name\":\"x\"}", NULL), 201);
 *		assert_string_equal(t_api_text(".name"), "x");
 *		assert_true(t_api_statements() <= 2);
 *	}
 *	... cmocka_unit_test_setup_teardown(a_bot_is_made, t_api_fresh, NULL)
 *	int main: t_db_start(); t_db_schema(); t_api_start(NULL); run
 *
 * Every answer is checked on its way: an error is a problem in the one form,
 * a success fits the schema of its route, HEAD aside. */
#include "api/api.h"
#include "db/db.h"

/* `more` are further routes, for tests of the framework; may be NULL. */
void t_api_start(const struct area *more);
/* Setup of a test: empty tables, nobody signed in, a clock that stands still
 * at the present. */
int t_api_fresh(void **state);
struct clock *t_api_clock(void);
struct conf *t_api_conf(void);		/* its changes end with the test */
struct db *t_api_db(void);
struct auth *t_api_auth(void);

/* role: "viewer", "trader", "admin".  Returns the id; signed in already. */
uint64_t t_api_user(const char *name, const char *role);
/* The value of the cookie; another session of the same user. */
const char *t_api_cookie(const char *name);

/* As `who` (NULL: nobody): the status.  Cookie, X-CSRF-Token and Content-Type
 * are added; further "HTTP_IF_NONE_MATCH=..." up to NULL.  One of them may be
 * "-csrf" or "-cookie": not added. */
int t_api(const char *who, const char *method, const char *target,
	  const char *body, ...) __attribute__((__sentinel__));
/* Of the last answer.  The path is ".items[0].name". */
const struct json *t_api_json(const char *path);
const char *t_api_text(const char *path);	/* strings and numbers */
int64_t t_api_int(const char *path);
const char *t_api_body(void);
struct str t_api_bytes(void);
/* What another worker would know: nothing is at hand. */
void t_api_fresh_worker(void);
/* The body of the next request is these bytes, not JSON. */
void t_api_send(const void *p, size_t n);
const char *t_api_header(const char *name);	/* NULL: not there */
unsigned t_api_statements(void);
/* Bytes that the last request had at most in its own arena. */
size_t t_api_memory(void);
/* By default the worker forgets who called, so that each request costs what
 * the first one costs. */
void t_api_remember(bool yes);

#endif /* TESTS_T_API_H */
