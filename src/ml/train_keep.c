#include "config.h"

#include <math.h>
#include <string.h>

#include "core/sha256.h"
#include "ml/trainer_i.h"

/* A checkpoint is a container like a model file: the kind's tensors with its
 * state, the curve so far, and what a search has found. */

#define FORMAT "orch-checkpoint/1"

static void trials_json(struct jw *w, const struct ml_run *r)
{
	jw_arr(w);
	for (size_t i = 0; i < r->n_trials; i++) {
		const struct ml_trial *t = &r->trial[i];

		jw_obj(w);
		jw_kstr(w, "layout", t->layout);
		jw_kf64(w, "rate", t->rate);
		jw_ku64(w, "round", t->round);
		jw_kf64(w, "loss", t->loss);
		jw_kbool(w, "chosen", t->chosen);
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

void ml_checkpoint_write(struct arena *out, struct ml_run *r, const void **ret,
			 size_t *ret_n)
{
	SCOPE(tmp, out) {
		const struct ml_tensor *own;
		size_t n = r->kind->tensors(tmp, r->m, true, &own), w = 0;
		struct ml_tensor *t = NEW_N(tmp, struct ml_tensor, n + 1);
		struct sbuf b;
		struct jw j;

		for (; w < n; w++) {
			t[w] = own[w];
			t[w].name = arena_printf(tmp, "model.%s", own[w].name);
		}
		if (r->n_curve > 0)
			t[w++] = (struct ml_tensor){ .name = "curve", .dtype = ML_F32, .dims = 2,
				.dim = { (uint32_t)r->n_curve, 4 }, .data = r->curve };
		sbuf_init(&b, tmp, 1 << 20);
		jw_init(&j, &b);
		trials_json(&j, r);
		assert(sbuf_finish(&b) != NULL);
		ml_container_write(out, (const struct ml_text[]){
				{ "format", FORMAT }, { "key", r->key },
				{ "trials", sbuf_finish(&b) } }, 3, t, w, ret, ret_n);
	}
}

static int lies(struct err *err)
{
	return FAIL(err, E_INVAL, "the checkpoint is broken");
}

static int read_trials(struct ml_run *r, const struct json *list)
{
	size_t n = json_len(list);

	if (json_type(list) != JSON_ARR || n > ML_TRIALS_MAX)
		return lies(r->err);
	r->trial = NEW_N(r->out, struct ml_trial, n + 1);
	for (size_t i = 0; i < n; i++) {
		const struct json *j = json_at(list, i);
		struct ml_trial *t = &r->trial[i];
		uint64_t round;
		struct str s;

		*t = (struct ml_trial){ .rate = NAN, .loss = NAN };
		(void)!json_f64(json_get(j, "rate"), &t->rate);
		(void)!json_f64(json_get(j, "loss"), &t->loss);
		if (!json_u64(json_get(j, "round"), &round) || round > 64 ||
		    !json_bool(json_get(j, "chosen"), &t->chosen))
			return lies(r->err);
		t->round = (uint32_t)round;
		if (json_str(json_get(j, "layout"), &s))
			t->layout = str_dup(r->out, s);
		if (t->chosen) {
			r->layout = t->layout;
			r->rate = t->rate;
		}
	}
	r->n_trials = n;
	return 0;
}

static void read_curve(struct ml_run *r, const struct ml_tensor *t)
{
	if (t == NULL || t->dtype != ML_F32 || t->dims != 2 || t->dim[1] != 4)
		return;
	r->n_curve = r->size_curve = t->dim[0];
	r->curve = NEW_N(r->out, struct ml_epoch_row, r->n_curve);
	memcpy(r->curve, t->data, r->n_curve * sizeof(*r->curve));
}

int ml_checkpoint_read(struct ml_run *r, struct ml_spec *s, const void *bytes, size_t n,
		       void **ret)
{
	const char *format, *key, *trials;
	const struct json *j;
	struct ml_tensor *t;
	struct ml_file f;
	size_t w = 0;
	int rc = ml_container_read(r->out, bytes, n, ML_OURS, &f, r->err);
	int at = ml_param_at(r->kind, "rate");

	if (rc < 0)
		return rc;
	format = ml_file_text(&f, "format");
	key = ml_file_text(&f, "key");
	trials = ml_file_text(&f, "trials");
	if (format == NULL || strcmp(format, FORMAT) != 0 || key == NULL || trials == NULL)
		return lies(r->err);
	if (strcmp(key, r->key) != 0)
		return FAIL(r->err, E_CONFLICT, "the checkpoint is of another plan, or of "
			    "other candles");
	rc = json_parse(r->out, trials, strlen(trials), &j, r->err);
	if (rc == 0)
		rc = read_trials(r, j);
	if (rc < 0)
		return rc;
	read_curve(r, ml_tensor_find(f.tensor, f.n, "curve"));
	t = NEW_N(r->out, struct ml_tensor, f.n + 1);
	for (size_t i = 0; i < f.n; i++)
		if (strncmp(f.tensor[i].name, "model.", 6) == 0) {
			t[w] = f.tensor[i];
			t[w++].name += 6;
		}
	if (r->n_trials > 0) {
		s->layout = r->layout;
		if (at >= 0 && isfinite(r->rate))
			s->param[at] = r->rate;
	}
	rc = ml_spec_check(s, r->err);
	return rc < 0 ? rc : r->kind->load(r->out, s, t, w, ret, r->err);
}
