#include "config.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "test.h"
#include "core/rand.h"
#include "ml/file_i.h"
#include "ml/ml.h"

static struct arena *a;
static const char *good;		/* bytes of a model file */
static size_t n_good;

static const char layout[] = "{\"format\":\"orch-weights/1\",\"kind\":\"dense\",\"name\":\"n\","
	"\"tf\":\"1h\",\"features\":[\"rsi_14\",\"macd\"],\"window\":1,"
	"\"layout\":\"dense 3\",\"scaler\":{\"clip\":4,\"offset\":[0.5,0],\"scale\":[0.1,2]},"
	"\"train_to\":1700000000000,";

/* The names of the network's own tensors are asked of it. */
static const char *weights(struct arena *out, const char *value)
{
	const struct ml_kind *k = ml_kind_find("dense");
	const struct ml_tensor *t;
	struct ml_spec s;
	struct sbuf b;
	struct err err;
	size_t n;
	void *m;

	ml_spec_init(&s, k, ML_ACTIONS);
	s.shape = (struct ml_shape){ 1, 2, ML_ACTIONS };
	s.layout = "dense 3";
	assert_int_equal(k->make(out, &s, &m, &err), 0);
	n = k->tensors(out, m, false, &t);
	sbuf_init(&b, out, 1 << 16);
	sbuf_addf(&b, "%s\"tensors\":{", layout);
	for (size_t i = 0; i < n; i++) {
		sbuf_addf(&b, "%s\"%s\":{\"data\":[", i > 0 ? "," : "", t[i].name);
		for (size_t j = 0; j < ml_tensor_len(&t[i]); j++)
			sbuf_addf(&b, "%s%s", j > 0 ? "," : "", value);
		sbuf_addf(&b, "]}");
	}
	sbuf_addf(&b, "}}");
	return sbuf_finish(&b);
}

static int setup(void **state)
{
	const char *text;
	const void *bytes;
	struct err err;

	(void)state;
	a = arena_new("test", (size_t)1 << 30);
	text = weights(a, "0.25");
	if (ml_import(a, text, strlen(text), NULL, 0, &bytes, &n_good, &err) < 0) {
		fprintf(stderr, "%s\n", err.msg);
		return -1;
	}
	good = bytes;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_free(&a);
	return 0;
}

static int parse(const void *bytes, size_t n, struct err *err)
{
	struct ml_model *m;
	int rc;

	SCOPE(tmp, a)
		rc = ml_model_parse(tmp, bytes, n, &m, err);
	return rc;
}

static void it_holds_what_was_put_in(void **state)
{
	struct ml_prediction p;
	struct ml_model *m;
	struct ml_eye *e;
	struct err err;

	(void)state;
	if (ml_model_parse(a, good, n_good, &m, &err) < 0)
		fail_msg("%s", err.msg);
	assert_string_equal(m->kind->name, "dense");
	assert_string_equal(m->name, "n");
	assert_int_equal(m->tf, TF_1H);
	assert_int_equal(m->train_to, 1700000000000);
	assert_int_equal(m->valid_to, 1700000000000);
	assert_string_equal(m->metrics, "null");
	assert_float_equal(m->spec.columns[1].scale, 2, 0);
	assert_int_equal(ml_eye_new(a, m, 0, &e, &err), 0);
	assert_int_equal(ml_eye_ask_raw(e, (const float[]){ 0.5f, 0 }, true, &p, &err), 0);
	for (size_t k = 0; k < 3; k++)
		assert_float_equal(p.p[k], 1.0 / 3, 1e-6);
	assert_int_equal(p.action, ML_HOLD);


}

static void any_changed_byte_is_noticed(void **state)
{
	char *copy = arena_alloc(a, n_good);
	struct err err;

	(void)state;
	for (size_t i = 0; i < n_good; i += i < 200 ? 1 : 7) {
		memcpy(copy, good, n_good);
		copy[i] ^= 0x20;
		assert_int_equal(parse(copy, n_good, &err), -E_INVAL);
		assert_true(err.msg[0] != '\0');
	}
	for (size_t n = 0; n < n_good; n += 13)
		assert_int_equal(parse(good, n, &err), -E_INVAL);
}

/* The same file with one text of its metadata changed, and a right sum. */
static const void *lie(const char *key, const char *value, size_t *ret_n)
{
	struct ml_text text[32];
	struct ml_file f;
	const struct json *v;
	struct str k, s;
	struct err err;
	const void *bytes;
	size_t n = 0;

	assert_int_equal(ml_container_read(a, good, n_good, ML_OURS, &f, &err), 0);
	for (size_t i = 0; json_member(f.meta, i, &k, &v); i++) {
		assert_true(json_str(v, &s));
		if (str_eqc(k, "sha256"))
			continue;
		text[n] = (struct ml_text){ k.p, str_eqc(k, key) ? value : s.p };
		if (text[n].value != NULL)
			n++;
	}
	ml_container_write(a, text, n, f.tensor, f.n, &bytes, ret_n);
	return bytes;
}

static void a_file_that_lies_is_refused_by_name(void **state)
{
	static const struct { const char *key, *value, *part; int rc; } lies[] = {
		{ "format", "orch-model/9", "orch-model/9", -E_INVAL },
		{ "format", NULL, "of format", -E_INVAL },
		{ "kind", "oracle", "\"oracle\", which is not known", -E_INVAL },
		{ "kind", "boosting", "no parameter", -E_INVAL },
		{ "feature_hash", "00", "computed differently", -E_UNPROCESSABLE },
		{ "features", "[\"macd\",\"rsi_14\"]", "computed differently", -E_UNPROCESSABLE },
		{ "features", "[\"rsi_14\"]", "computed differently", -E_UNPROCESSABLE },
		{ "features", "[\"wings\"]", "no feature \"wings\"", -E_INVAL },
		{ "features", "{", "its features", -E_INVAL },
		{ "spec", "{}", "its spec", -E_INVAL },
		{ "spec", "{\"window\":99999,\"outputs\":3,\"seed\":1,\"params\":{}}", "its spec",
		  -E_INVAL },
		{ "spec", "{\"window\":1,\"outputs\":2,\"seed\":1,\"params\":{},\"layout\":\"dense 3\"}",
		  "label", -E_INVAL },
		{ "spec", "{\"window\":1,\"outputs\":3,\"seed\":1,\"params\":{\"wings\":1},\"layout\":\"dense 3\"}",
		  "no parameter \"wings\"", -E_INVAL },
		{ "spec", "{\"window\":1,\"outputs\":3,\"seed\":1,\"params\":{},\"layout\":\"dense 4 relu, dense 3\"}",
		  "", -E_INVAL },
		{ "label", "{\"kind\":\"return\"}", "its label", -E_INVAL },
		{ "label", "{\"kind\":\"next\",\"bars\":7}", "label", -E_INVAL },
		{ "scaler", "{\"clip\":-1}", "its scaler", -E_INVAL },
		{ "calibration", "{\"kind\":\"temperature\",\"temperature\":0}", "its calibration",
		  -E_INVAL },
		{ "calibration", "{\"kind\":\"normal\"}", "its calibration", -E_INVAL },
		{ "calibration", "{\"kind\":\"isotonic\"}", "its calibration", -E_INVAL },
		{ "calibration", "{\"kind\":\"platt\",\"slope\":-1,\"buy\":0,\"sell\":0}",
		  "its calibration", -E_INVAL },
		{ "ranges", "{\"train_from\":1}", "its ranges", -E_INVAL },
		{ "tf", "7h", "its tf", -E_INVAL },
		{ "metrics", "", "its metrics", -E_INVAL },
	};
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lies); i++) {
		size_t n;
		const void *bytes = lie(lies[i].key, lies[i].value, &n);

		if (parse(bytes, n, &err) != lies[i].rc || strstr(err.msg, lies[i].part) == NULL)
			fail_msg("%s = %s: %s", lies[i].key,
				 lies[i].value != NULL ? lies[i].value : "(none)", err.msg);
	}
}

static void put(unsigned char *p, uint64_t v)
{
	for (size_t i = 0; i < 8; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

/* A container of this header and so many bytes. */
static int container(const char *head, size_t data, struct err *err)
{
	size_t n = strlen(head);
	char *bytes = arena_alloc(a, 8 + n + data);
	struct ml_file f;

	put((unsigned char *)bytes, n);
	memcpy(bytes + 8, head, n);
	return ml_container_read(a, bytes, 8 + n + data, 0, &f, err);
}

static void a_container_that_is_none_is_refused(void **state)
{
	static const struct { const char *head; size_t data; const char *part; } bad[] = {
		{ "[]", 0, "no list of tensors" }, { "{", 0, "" },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 7, "beyond" },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}", 9,
		  "belong to no tensor" },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", 8, "beyond" },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", 8, "beyond" },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296],\"data_offsets\":[0,8]}}", 8,
		  "impossible shape" },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[4000000000,4000000000,4000000000],"
		  "\"data_offsets\":[0,8]}}", 8, "impossible shape" },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}}", 0,
		  "impossible shape" },
		{ "{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4,
		  "impossible shape" },
		{ "{\"a\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "BF16" },
		{ "{\"a\":{\"shape\":[2],\"data_offsets\":[0,4]}}", 4, "without a type" },
		{ "{\"a\":7}", 4, "without a type" },
		{ "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
		  "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[2,6]}}", 6, "overlap" },
		{ "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
		  "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[4,8]}}", 8, "hole" },
		{ "{\"__metadata__\":{\"a\":7}}", 0, "more than texts" },
		{ "{\"__metadata__\":[]}", 0, "no object" },
	};
	unsigned char long_head[16] = { 0 };
	struct ml_file f;
	struct err err;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (container(bad[i].head, bad[i].data, &err) != -E_INVAL ||
		    strstr(err.msg, bad[i].part) == NULL)
			fail_msg("%s: %s", bad[i].head, err.msg);
	assert_int_equal(container("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],"
				   "\"data_offsets\":[0,4]}}", 4, &err), 0);
	put(long_head, UINT64_MAX);
	assert_int_equal(ml_container_read(a, long_head, 16, 0, &f, &err), -E_INVAL);
}

/* Under a right sum, any byte: refused or a model, never worse. */
static void broken_bytes_under_a_right_sum_do_no_harm(void **state)
{
	struct err err;
	struct rng r;

	(void)state;
	rng_seed(&r, 1);
	for (int turn = 0; turn < 1500; turn++) SCOPE(tmp, a) {
		char *copy = arena_alloc(tmp, n_good);
		struct ml_model *m;

		memcpy(copy, good, n_good);
		for (uint64_t k = 1 + rng_below(&r, 4); k > 0; k--)
			copy[rng_below(&r, n_good)] = (char)rng_u64(&r);
		if (ml_container_sign(copy, n_good) &&
		    ml_model_parse(tmp, copy, n_good, &m, &err) < 0)
			assert_true(err.msg[0] != '\0');
	}
}

static void weights_that_do_not_fit_are_refused(void **state)
{
	static const struct { const char *json, *part; } bad[] = {
		{ "{}", "orch-weights/1" }, { "[", "" },
		{ "{\"format\":\"orch-weights/1\",\"kind\":\"dense\",\"tf\":\"1h\"}", "features" },
		{ "{\"format\":\"orch-weights/1\",\"kind\":\"dense\",\"tf\":\"9h\"}", "\"tf\"" },
		{ "{\"format\":\"orch-weights/1\",\"kind\":\"none\"}", "no kind of model" },
		{ "{\"format\":\"orch-weights/1\",\"kind\":\"dense\",\"tf\":\"1h\","
		  "\"features\":[\"rsi_14\"],\"window\":0}", "\"window\"" },
		{ "{\"format\":\"orch-weights/1\",\"kind\":\"dense\",\"tf\":\"1h\",\"window\":1,"
		  "\"layout\":\"dense 3\",\"features\":[\"rsi_14\"],\"tensors\":{}}", "is not there" },
		{ "{\"format\":\"orch-weights/1\",\"kind\":\"dense\",\"tf\":\"1h\",\"window\":1,"
		  "\"layout\":\"dense 3\",\"features\":[\"rsi_14\"],\"scaler\":{\"offset\":[0],"
		  "\"scale\":[0]}}", "\"scaler\"" },
	};
	const void *bytes = NULL;
	const char *text = weights(a, "\"x\"");
	struct err err;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (ml_import(a, bad[i].json, strlen(bad[i].json), NULL, 0, &bytes, &n,
			      &err) != -E_INVAL || strstr(err.msg, bad[i].part) == NULL)
			fail_msg("%s: %s", bad[i].json, err.msg);
	assert_int_equal(ml_import(a, text, strlen(text), NULL, 0, &bytes, &n, &err), -E_INVAL);
	assert_non_null(strstr(err.msg, "no number"));
	assert_null(bytes);
}

static void a_file_is_replaced_whole(void **state)
{
	char dir[] = "/tmp/orch-mlXXXXXX", path[64], line[8] = "";
	struct ml_model *m;
	struct err err;
	FILE *f;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/x.model", dir);
	assert_int_equal(ml_file_save(path, "old", 3, &err), 0);
	SCOPE(tmp, a)
		assert_int_equal(ml_model_open(tmp, path, &m, &err), -E_INVAL);
	assert_int_equal(ml_file_save(path, good, n_good, &err), 0);
	SCOPE(tmp, a) {
		if (ml_model_open(tmp, path, &m, &err) < 0)
			fail_msg("%s", err.msg);
		/* The mapping outlives the name and what takes its place. */
		assert_int_equal(ml_file_save(path, "new", 3, &err), 0);
		assert_string_equal(m->kind->name, "dense");
	}
	f = fopen(path, "r");
	assert_non_null(fgets(line, sizeof(line), f));
	fclose(f);
	assert_string_equal(line, "new");
	unlink(path);
	assert_int_equal(ml_model_open(a, path, &m, &err), -E_NOTFOUND);
	assert_int_equal(ml_model_open(a, dir, &m, &err), -E_INVAL);
	assert_int_equal(rmdir(dir), 0);	/* nothing was left in it */
	assert_int_equal(ml_file_save(path, good, n_good, &err), -E_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_holds_what_was_put_in),
		cmocka_unit_test(any_changed_byte_is_noticed),
		cmocka_unit_test(a_file_that_lies_is_refused_by_name),
		cmocka_unit_test(a_container_that_is_none_is_refused),
		cmocka_unit_test(broken_bytes_under_a_right_sum_do_no_harm),
		cmocka_unit_test(weights_that_do_not_fit_are_refused),
		cmocka_unit_test(a_file_is_replaced_whole),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
