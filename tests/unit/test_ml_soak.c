/* A million predictions and 200 epochs in one process: after the first
 * hundredth the resident memory stays as it is, to the page. */
#include "config.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "test.h"
#include "t_net.h"
#include "ml/mem.h"

#define EPOCHS		200
#ifdef ARENA_EMULATE		/* the sanitizer's own memory grows */
# define PREDICTIONS	20000
# define SAME(a, b)	((void)(a), (void)(b))
#else
# define PREDICTIONS	1000000
# define SAME(a, b)	assert_int_equal((a), (b))
#endif

/* Pages in memory without those of files: code that runs for the first time
 * is read from the program then.  Nothing is allocated to ask. */
static long resident(void)
{
	char text[128], *end;
	long all;
	int fd = open("/proc/self/statm", O_RDONLY);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	assert_true(n > 0);
	text[n] = '\0';
	strtol(text, &end, 10);		/* size, resident, of files */
	all = strtol(end, &end, 10);
	return all - strtol(end, NULL, 10);
}

struct watch { struct arena *a; long pages; size_t bytes, used; };

static int watch(void *ctx, const struct ml_progress *p)
{
	struct watch *w = ctx;

	if (p->epoch == EPOCHS / 100) {
		w->pages = resident();
		w->bytes = ml_arena_bytes();
		w->used = arena_used(w->a);
	}
	if (p->epoch == EPOCHS) {
		SAME(resident(), w->pages);
		assert_int_equal(ml_arena_bytes(), w->bytes);
		assert_int_equal(arena_used(w->a), w->used);
		w->pages = -1;
	}
	return 0;
}

static void memory_is_flat(void **state)
{
	struct arena *a = arena_new("soak", (size_t)64 << 20);
	struct ml_set *t = t_net_memory(a, 4, 60, 1);
	const struct ml_kind *k = ml_kind_find("lstm");
	struct watch w = { .a = a };
	struct ml_fit f = { t, t, watch, &w };
	struct ml_spec sp;
	struct err err;
	float y[3], first[3];
	long pages = 0;
	size_t used = 0, bytes = 0, tensors = 0;
	void *m, *work;

	(void)state;
	t_net_spec(&sp, "lstm", "lstm 6, dropout 0.2, lstm 4 last, dense out", t);
	t_net_param(&sp, "epochs", EPOCHS);
	t_net_param(&sp, "patience", 0);
	m = t_net_make(a, &sp);
	assert_int_equal(k->fit(m, &f, &err), 0);
	assert_int_equal(w.pages, -1);
	work = t_net_work(a, &sp, m, 1);
	for (size_t i = 0; i < PREDICTIONS; i++) {
		const float *x = ml_sample(t, i % t->n);

		k->forward(m, work, &x, 1, y);
		if (i == 0)
			memcpy(first, y, sizeof(y));
		if (i == PREDICTIONS / 100) {
			pages = resident();
			used = arena_used(a);
			bytes = ml_arena_bytes();
			tensors = ml_tensors_live();
		}
	}
	SAME(resident(), pages);
	assert_int_equal(arena_used(a), used);
	assert_int_equal(ml_arena_bytes(), bytes);
	assert_int_equal(ml_tensors_live(), tensors);
	/* and the answer is the same as at the beginning */
	{
		const float *x = ml_sample(t, 0);

		k->forward(m, work, &x, 1, y);
		assert_memory_equal(y, first, sizeof(y));
	}
	assert_true(tensors > 0 && bytes > 0);
	arena_free(&a);
	assert_int_equal(ml_arena_bytes(), 0);
	assert_int_equal(ml_tensors_live(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(memory_is_flat) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
