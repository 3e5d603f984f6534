#include "config.h"
#include "test.h"
#include "t_env.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/log.h"
#include "json/json.h"

/* Every allocation of a parse fails in its turn: the process ends with 83 and
 * never goes on with a tree that is not the text's. */

#ifndef ARENA_EMULATE
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static long until_failure = -1;
static bool failed;

static bool fails(void)
{
	if (until_failure < 0 || until_failure-- > 0)
		return false;
	failed = true;
	errno = ENOMEM;
	return true;
}

void *malloc(size_t n)
{
	return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return fails() ? NULL : __libc_realloc(p, n);
}

static const char text[] =
	"{\"symbol\":\"BTCUSDT\",\"bids\":[[\"67123.45\",\"0.5\"],[67123,1.25]],"
	"\"a\":{\"b\":{\"c\":[true,false,null,\"\\u00e9\",-1e-8]}},"
	"\"k1\":1,\"k2\":2,\"k3\":3,\"k4\":4,\"k5\":5,\"k6\":6,\"k7\":7,\"k8\":8,"
	"\"k9\":9,\"k10\":10,\"k11\":11,\"k12\":12,\"k13\":13,\"k14\":14,"
	"\"list\":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,"
	"25,26,27,28,29,30,31,32,33,34,35,36,37,38,39,40]}";

static void write_value(struct jw *w, const struct json *j)
{
	const struct json *v;
	struct str s, key;
	bool b;

	switch (json_type(j)) {
	case JSON_NULL:
		jw_null(w);
		break;
	case JSON_BOOL:
		assert_true(json_bool(j, &b));
		jw_bool(w, b);
		break;
	case JSON_NUM:
		s = json_text(j);
		jw_raw(w, s.p, s.n);
		break;
	case JSON_STR:
		s = json_text(j);
		jw_strn(w, s.p, s.n);
		break;
	case JSON_ARR:
		jw_arr(w);
		for (size_t i = 0; i < json_len(j); i++)
			write_value(w, json_at(j, i));
		jw_arr_end(w);
		break;
	case JSON_OBJ:
		jw_obj(w);
		for (size_t i = 0; json_member(j, i, &key, &v); i++) {
			jw_key(w, key.p);
			write_value(w, v);
		}
		jw_obj_end(w);
		break;
	}
}

static void nothing(enum log_level level, const char *line, void *ctx)
{
	(void)level;
	(void)line;
	(void)ctx;
}

static const char *as_text(struct arena *a, const struct json *j)
{
	struct sbuf b;
	struct jw w;

	sbuf_init(&b, a, 1 << 20);
	jw_init(&w, &b);
	write_value(&w, j);
	return sbuf_finish(&b);
}

/* 0: right although something failed; 1: wrong; 2: nothing failed any more. */
static int parse_with_failure(long nth)
{
	struct arena *a = arena_new("t", 16 << 20);
	const struct json *j;
	struct err err;
	const char *got;

	log_set_sink(nothing, NULL);
	until_failure = nth;
	if (json_parse(a, text, sizeof(text) - 1, &j, &err) < 0)
		return 1;
	until_failure = -1;
	got = as_text(a, j);
	if (strstr(got, "\"k14\":14,\"list\":[1,2,3") == NULL ||
	    strstr(got, "[[\"67123.45\",\"0.5\"],[67123,1.25]]") == NULL ||
	    strlen(got) != sizeof(text) - 1 - 4)	/* \u00e9 is shorter */
		return 1;
	return failed ? 0 : 2;
}

static void no_failed_allocation_gives_a_wrong_tree(void **state)
{
	int st, ended = 0;
	long n = 0;

	(void)state;
	for (;; n++) {
		pid_t pid = fork();

		if (pid == 0)
			_exit(parse_with_failure(n));
		assert_int_equal(waitpid(pid, &st, 0), pid);
		if (!WIFEXITED(st))
			fail_msg("allocation %ld: signal %d", n, WTERMSIG(st));
		if (WEXITSTATUS(st) == 2)
			break;
		if (WEXITSTATUS(st) != 83)
			assert_int_equal(WEXITSTATUS(st), 0);
		else
			ended++;
	}
	assert_true(n > 80);
	assert_true(ended > 80);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_failed_allocation_gives_a_wrong_tree),
	};

	if (t_under_valgrind()) {
		puts("1..0 # SKIP valgrind has an allocator of its own");
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
int main(void)
{
	puts("1..0 # SKIP the sanitizer has an allocator of its own");
	return 0;
}
#endif
