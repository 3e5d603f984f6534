#ifndef ML_ML_H
#define ML_ML_H
/* ml.h - a trained model: its file, and asking it.
 *
 * A model file is a safetensors container: 8 bytes with the length of a JSON
 * header, the header, tensors aligned to 64 bytes.  The header's __metadata__
 * says what it is (format "orch-model/1") and holds a SHA-256 over metadata and
 * tensors.  doc/ml.md describes it.  A file that is short, broken, foreign or
 * does not say the truth about itself is refused with a sentence. */
#include "ml/calib.h"
#include "ml/drift.h"
#include "ml/feature.h"
#include "ml/label.h"
#include "ml/scale.h"

#define ML_FILE_MAX ((size_t)512 << 20)

struct ml_model {
	const struct ml_kind *kind;
	struct ml_spec spec;		/* columns: names and scaling */
	const char *name, *market;	/* may be "" */
	enum tf tf;
	struct ml_label label;
	struct ml_calib calib;
	struct ml_scaler scaler;
	struct ml_drift drift;		/* features 0: not in the file */
	const char *const *features;
	char feature_hash[ML_HASH_HEX + 1];
	int64_t train_from, train_to, valid_to, test_to;
	const char *metrics;		/* JSON as in the API, "null" when foreign */
	const char *verdict;		/* or "" */
	bool better;
	char sum[ML_HASH_HEX + 1];	/* of metadata and tensors, from the file */
	void *m;			/* the kind's */
};

/* Maps the file read-only for as long as `out` lives.  -E_NOTFOUND, -E_IO,
 * -E_INVAL broken or foreign, -E_UNPROCESSABLE: made for features that this
 * program computes differently (feature hash). */
MUST_CHECK int ml_model_open(struct arena *out, const char *path,
			     struct ml_model **ret, struct err *err);
/* The same of bytes that outlive `out`. */
MUST_CHECK int ml_model_parse(struct arena *out, const void *bytes, size_t n,
			      struct ml_model **ret, struct err *err);
/* Written to a temporary name, synced, renamed, the folder synced. */
MUST_CHECK int ml_file_save(const char *path, const void *bytes, size_t n,
			    struct err *err);
/* Weights from elsewhere: the JSON layout of doc/ml.md (tensors in it, or in
 * `tensors`, a safetensors file; NULL: none).  ret: bytes of a model file. */
MUST_CHECK int ml_import(struct arena *out, const char *json, size_t n_json,
			 const void *tensors, size_t n_tensors,
			 const void **ret, size_t *ret_n, struct err *err);

/* A model of xgboost's JSON format (xgb.h) for these features, unscaled. */
MUST_CHECK int ml_import_xgb(struct arena *out, const char *text, size_t n,
			     const char *const *features, size_t n_features,
			     uint32_t window, enum tf tf, const void **ret,
			     size_t *ret_n, struct err *err);
/* The JSON layout of a model, tensors in it: what ml_import() reads. */
void ml_export(struct sbuf *b, const struct ml_model *m);

/* ---- asking ----------------------------------------------------------------- */

#define ML_REASONS 5
struct ml_reason {
	const char *feature;		/* "rsi_14@4h" */
	float value;			/* raw, at the newest bar */
	float contribution;	/* over all bars of the window; > 0: spoke for it */
	char sentence[160];
};
struct ml_prediction {
	enum ml_action action;		/* the most probable */
	float p[ML_ACTIONS];		/* calibrated */
	float confidence;		/* p of the action */
	float strength;			/* p[buy] - p[sell]: -1 .. 1 */
	float predicted;		/* return, of a regression; else NaN */
	int64_t t;			/* opening time of the newest bar */
	const float *indicators;	/* [features] raw, in the model's order */
	size_t n_reasons;
	struct ml_reason reason[ML_REASONS];
};

/* A model that looks at one market: features under way, the window, scratch.
 * Nothing below allocates. */
struct ml_eye;
MUST_CHECK int ml_eye_new(struct arena *out, const struct ml_model *m,
			  unsigned known, struct ml_eye **ret, struct err *err);
size_t ml_eye_history(const struct ml_eye *e);	/* bars to push before */
void ml_eye_restart(struct ml_eye *e);
/* Closed bars, ascending; book as in feature.h. */
void ml_eye_push(struct ml_eye *e, const struct bars *b, const double *book);
bool ml_eye_ready(const struct ml_eye *e);
/* At the newest bar.  explain: with reasons (costs more).
 * -E_UNPROCESSABLE: not ready, says how many bars are missing. */
MUST_CHECK int ml_eye_ask(struct ml_eye *e, bool explain,
			  struct ml_prediction *ret, struct err *err);
/* Of features given raw: window x features, oldest first.  No restart. */
MUST_CHECK int ml_eye_ask_raw(struct ml_eye *e, const float *raw, bool explain,
			      struct ml_prediction *ret, struct err *err);
/* Push n bars and put what is said at each into ret: n x ML_SAID, the three
 * probabilities and the predicted return (NaN: no regression, all NaN: not
 * ready).  The same bits as pushing and asking one by one. */
#define ML_SAID (ML_ACTIONS + 1)
void ml_eye_run(struct ml_eye *e, const struct bars *b, const double *book,
		float *ret);
/* {action, probabilities, confidence, strength, predicted, indicators, reasons,
 * bar_time}: members of an object that the caller has opened. */
void ml_prediction_json(struct jw *w, const struct ml_model *m,
			const struct ml_prediction *p);

/* ---- watching -------------------------------------------------------------- */

/* PSI of each feature over the bars after their warm-up against what the model
 * learned from (drift.h); psi: [features].  *ret_worst: index of the largest.
 * -E_UNPROCESSABLE: too few bars, or the file holds no such thing. */
MUST_CHECK int ml_model_drift(const struct ml_model *m, const struct bars *b,
			      const double *book, double *ret_psi,
			      size_t *ret_worst, struct err *err);
/* Log loss of `old` less that of `m` over the bars of [from, to), by m's label:
 * above 0 the new one is better, and surely so when low is.  Of bars that
 * `old` was trained on nothing can be said: from is behind both trainings. */
struct ml_value;
struct ml_eval;
MUST_CHECK int ml_duel(const struct ml_model *m, const struct ml_model *old,
		       const struct bars *b, const double *book, int64_t from,
		       int64_t to, struct ml_value *ret, size_t *ret_n,
		       struct err *err);
/* The model judged on the bars of [from, to): like the test part of a training,
 * without importance; baselines are what was frequent on the bars before. */
MUST_CHECK int ml_review(struct arena *out, const struct ml_model *m,
			 const struct bars *b, const double *book, int64_t from,
			 int64_t to, double fee, struct ml_eval *ret,
			 struct err *err);

#endif /* ML_ML_H */
