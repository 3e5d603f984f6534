#include "config.h"
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "xchg/quotes.h"

static struct arena *root;
static char dir[] = "/tmp/orch-quotes-XXXXXX";
static char path[64];

static int setup(void **st)
{
	(void)st;
	root = arena_new("test", 64u << 20);
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/quotes", dir);
	return 0;
}

static int teardown(void **st)
{
	char lock[64];

	(void)st;
	snprintf(lock, sizeof(lock), "%s/quotes.lock", dir);
	arena_free(&root);
	unlink(path);
	unlink(lock);
	return rmdir(dir);
}

static struct quotes *get(void)
{
	struct quotes *q;
	struct err err;

	if (quotes_open(root, dir, &q, &err) < 0)
		fail_msg("%s", err.msg);
	return q;
}

/* Every number in it says the same, so that a torn one would be seen. */
static void fill(struct ticker *t, struct book *b, int64_t k)
{
	struct price p = price_from_raw((money_raw)k);

	*t = (struct ticker){ k, p, p, p, p, qty_from_raw((money_raw)k) };
	*b = (struct book){ .time = k, .n_bids = BOOK_DEPTH,
			    .n_asks = BOOK_DEPTH };
	for (size_t i = 0; i < BOOK_DEPTH; i++)
		b->bids[i].price = b->asks[i].price = p;
}

static void what_one_puts_another_gets(void **st)
{
	struct quotes *w = get(), *r = get();
	struct ticker t, got;
	struct book b, gb;
	struct err err;

	(void)st;
	assert_false(quotes_get(r, 7, &got, &gb));
	fill(&t, &b, 42);
	assert_int_equal(quotes_put(w, 7, &t, &b, &err), 0);
	assert_true(quotes_get(r, 7, &got, &gb));
	assert_memory_equal(&t, &got, sizeof(t));
	assert_memory_equal(&b, &gb, sizeof(b));
	assert_false(quotes_get(r, 8, &got, NULL));
	/* 519 hashes to the same place as 7. */
	fill(&t, &b, 43);
	assert_int_equal(quotes_put(w, 7 + QUOTES_MAX, &t, NULL, &err), 0);
	assert_true(quotes_get(r, 7 + QUOTES_MAX, &got, NULL));
	assert_int_equal(got.time, 43);
	assert_false(quotes_get(r, 7 + QUOTES_MAX, NULL, &gb));
	assert_true(quotes_get(r, 7, &got, NULL));
	assert_int_equal(got.time, 42);
}

static void a_reader_never_sees_half_a_quote(void **st)
{
	struct quotes *q = get();
	struct ticker t;
	struct book b;
	struct err err;
	pid_t pid;
	int status;

	(void)st;
	fill(&t, &b, 1);
	assert_int_equal(quotes_put(q, 9, &t, &b, &err), 0);
	pid = fork();
	if (pid == 0) {
		for (int64_t k = 2; k < 10000; k++) {
			fill(&t, &b, k);
			usleep(10);
			if (quotes_put(q, 9, &t, &b, &err) < 0)
				_exit(1);
		}
		_exit(0);
	}
	do {
		assert_true(quotes_get(q, 9, &t, &b));
		assert_int_equal(t.time, b.time);
		assert_true(price_raw(t.bid) == t.time);
		for (size_t i = 0; i < BOOK_DEPTH; i++)
			assert_true(price_raw(b.bids[i].price) == t.time &&
				    price_raw(b.asks[i].price) == t.time);
	} while (waitpid(pid, &status, WNOHANG) == 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_file_of_another_layout_is_replaced(void **st)
{
	struct quotes *old = get(), *q;
	struct ticker t;
	struct book b;
	struct err err;
	int fd;

	(void)st;
	fill(&t, &b, 5);
	assert_int_equal(quotes_put(old, 3, &t, &b, &err), 0);
	fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "x", 1, 0), 1);
	close(fd);
	q = get();
	assert_false(quotes_get(q, 3, &t, NULL));
	/* Who has the old one mapped still reads it. */
	assert_true(quotes_get(old, 3, &t, NULL));
	assert_int_equal(truncate(path, 100), 0);
	q = get();
	assert_int_equal(quotes_put(q, 3, &t, &b, &err), 0);
}

static void a_full_file_says_so(void **st)
{
	struct quotes *q;
	struct ticker t;
	struct book b;
	struct err err;

	(void)st;
	unlink(path);
	q = get();
	fill(&t, &b, 5);
	for (uint64_t i = 1; i <= QUOTES_MAX; i++)
		assert_int_equal(quotes_put(q, i * 3, &t, NULL, &err), 0);
	assert_int_equal(quotes_put(q, 1, &t, NULL, &err), -E_LIMIT);
	assert_false(quotes_get(q, 1, &t, NULL));
	assert_int_equal(quotes_put(q, 3, &t, NULL, &err), 0);
}

static void a_missing_directory_is_an_error(void **st)
{
	struct quotes *q;
	struct err err;

	(void)st;
	assert_int_equal(quotes_open(root, "/nowhere", &q, &err), -E_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_one_puts_another_gets),
		cmocka_unit_test(a_reader_never_sees_half_a_quote),
		cmocka_unit_test(a_file_of_another_layout_is_replaced),
		cmocka_unit_test(a_full_file_says_so),
		cmocka_unit_test(a_missing_directory_is_an_error),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
