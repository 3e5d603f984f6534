#include "config.h"
#include "test.h"
#include <stdio.h>
#include <string.h>
#include "core/map.h"
#include "core/rand.h"

static struct str key(char buf[static 20], unsigned i)
{
	snprintf(buf, 20, "key%u", i);
	return str_c(buf);
}

static void a_map_gives_back_what_was_put(void **state)
{
	struct arena *a = arena_new("t", 1 << 20);
	struct map *m = map_new(a);
	char k[] = "one";
	int x, y;

	(void)state;
	assert_null(map_get(m, STR("one")));
	assert_null(map_put(m, str_c(k), &x));
	k[0] = 'X';			/* the key was copied */
	assert_ptr_equal(map_get(m, STR("one")), &x);
	assert_ptr_equal(map_put(m, STR("one"), &y), &x);
	assert_null(map_put(m, STR(""), NULL));
	assert_true(map_has(m, STR("")) && map_get(m, STR("")) == NULL);
	assert_int_equal(map_len(m), 2);
	assert_ptr_equal(map_del(m, STR("one")), &y);
	assert_null(map_del(m, STR("one")));
	assert_false(map_has(m, STR("one")));
	assert_int_equal(map_len(m), 1);
	arena_free(&a);
}

/* Against a plain array of flags, through growth and many deletions. */
static void a_map_agrees_with_a_simple_table(void **state)
{
	enum { N = 2000 };
	static int values[N];
	bool in[N] = { false };
	struct arena *a = arena_new("t", 64 << 20);
	struct map *m = map_new(a);
	char buf[20];
	size_t live = 0, walked = 0;
	struct rng r;
	struct str k;
	void *v;

	(void)state;
	rng_seed(&r, 12);
	for (int step = 0; step < 100000; step++) {
		unsigned i = (unsigned)rng_below(&r, N);

		if (rng_below(&r, 2) == 0) {
			assert_ptr_equal(map_put(m, key(buf, i), &values[i]),
					 in[i] ? &values[i] : NULL);
			live += !in[i];
			in[i] = true;
		} else {
			assert_ptr_equal(map_del(m, key(buf, i)),
					 in[i] ? &values[i] : NULL);
			live -= in[i];
			in[i] = false;
		}
		assert_int_equal(map_len(m), live);
	}
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(map_has(m, key(buf, i)), in[i]);
	for (size_t i = 0; map_next(m, &i, &k, &v); walked++)
		assert_ptr_equal(map_get(m, k), v);
	assert_int_equal(walked, live);
	arena_free(&a);
}

static void a_walk_goes_in_order_of_insertion(void **state)
{
	struct arena *a = arena_new("t", 1 << 20);
	struct map *m = map_new(a);
	char buf[20];
	struct str k;
	unsigned n = 0;
	void *v;

	(void)state;
	for (unsigned i = 0; i < 100; i++)
		map_put(m, key(buf, i), NULL);
	map_del(m, key(buf, 3));
	for (size_t i = 0; map_next(m, &i, &k, &v); n++) {
		n += n == 3;
		assert_true(str_eq(k, key(buf, n)));
	}
	assert_int_equal(n, 100);
	arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_map_gives_back_what_was_put),
		cmocka_unit_test(a_map_agrees_with_a_simple_table),
		cmocka_unit_test(a_walk_goes_in_order_of_insertion),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
