#include "config.h"

#include <math.h>

#include "ml/eval.h"

/* An evaluation as JSON and as a table. */

static void value(struct jw *w, const char *key, const struct ml_value *v)
{
	jw_key(w, key);
	jw_obj(w);
	jw_kf64(w, "value", v->value);
	jw_kf64(w, "low", v->low);
	jw_kf64(w, "high", v->high);
	jw_obj_end(w);
}

void ml_metrics_json(struct jw *w, const struct ml_value m[static ML_METRICS_N])
{
	jw_obj(w);
	for (size_t k = 0; k < ML_METRICS_N; k++)
		value(w, ml_metric_name((enum ml_metric)k), &m[k]);
	jw_obj_end(w);
}

static void classes(struct jw *w, const struct ml_eval *e)
{
	jw_key(w, "per_class");
	jw_arr(w);
	for (size_t k = 0; k < ML_ACTIONS; k++) {
		jw_obj(w);
		jw_kstr(w, "class", ml_action_name((enum ml_action)k));
		jw_kf64(w, "precision", e->row[k].precision);
		jw_kf64(w, "recall", e->row[k].recall);
		jw_kf64(w, "f1", e->row[k].f1);
		jw_ku64(w, "support", e->row[k].support);
		jw_obj_end(w);
	}
	jw_arr_end(w);
	jw_key(w, "confusion");
	jw_arr(w);
	for (size_t a = 0; a < ML_ACTIONS; a++) {
		jw_arr(w);
		for (size_t b = 0; b < ML_ACTIONS; b++)
			jw_u64(w, e->confusion[a][b]);
		jw_arr_end(w);
	}
	jw_arr_end(w);
}

static void curves(struct jw *w, const struct ml_eval *e)
{
	jw_key(w, "reliability");
	jw_arr(w);
	for (size_t b = 0; b < ML_BINS; b++) {
		jw_obj(w);
		jw_kf64(w, "from", e->bin[b].from);
		jw_kf64(w, "to", e->bin[b].to);
		jw_kf64(w, "mean_p", e->bin[b].mean_p);
		jw_kf64(w, "observed", e->bin[b].observed);
		jw_ku64(w, "n", e->bin[b].n);
		jw_obj_end(w);
	}
	jw_arr_end(w);
	jw_kf64(w, "ece", e->metric[ML_M_ECE].value);
	jw_key(w, "roc");
	jw_arr(w);
	for (size_t k = 0; k < ML_ACTIONS; k++) {
		const struct ml_roc *r = &e->roc[k];

		jw_obj(w);
		jw_kstr(w, "class", ml_action_name((enum ml_action)k));
		jw_kf64(w, "auc", r->auc);
		jw_key(w, "fpr");
		jw_arr(w);
		for (size_t i = 0; i < r->n; i++)
			jw_f64(w, (double)r->fpr[i]);
		jw_arr_end(w);
		jw_key(w, "tpr");
		jw_arr(w);
		for (size_t i = 0; i < r->n; i++)
			jw_f64(w, (double)r->tpr[i]);
		jw_arr_end(w);
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

static void rivals(struct jw *w, const struct ml_eval *e)
{
	jw_key(w, "importance");
	jw_arr(w);
	for (size_t i = 0; i < e->n_importance; i++) {
		const struct ml_importance *m = &e->importance[i];

		jw_obj(w);
		jw_kstr(w, "feature", m->feature);
		jw_kf64(w, "value", m->loss.value);
		jw_kf64(w, "low", m->loss.low);
		jw_kf64(w, "high", m->loss.high);
		jw_obj_end(w);
	}
	jw_arr_end(w);
	jw_key(w, "baselines");
	jw_arr(w);
	for (size_t i = 0; i < e->n_baselines; i++) {
		jw_obj(w);
		jw_kstr(w, "name", e->baseline[i].name);
		jw_key(w, "metrics");
		ml_metrics_json(w, e->baseline[i].metric);
		value(w, "gain", &e->baseline[i].gain);
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

static void growth(struct jw *w, const struct ml_eval *e)
{
	jw_key(w, "profit");
	jw_obj(w);
	jw_key(w, "t");
	jw_arr(w);
	for (size_t i = 0; i < e->profit.n; i++)
		jw_time(w, e->profit.t[i]);
	jw_arr_end(w);
	jw_key(w, "model");
	jw_arr(w);
	for (size_t i = 0; i < e->profit.n; i++)
		jw_f64(w, e->profit.model[i]);
	jw_arr_end(w);
	jw_key(w, "buy_hold");
	jw_arr(w);
	for (size_t i = 0; i < e->profit.n; i++)
		jw_f64(w, e->profit.buy_hold[i]);
	jw_arr_end(w);
	jw_obj_end(w);
}

void ml_eval_json(struct jw *w, const struct ml_eval *e)
{
	jw_obj(w);
	jw_ku64(w, "samples", e->samples);
	jw_key(w, "metrics");
	ml_metrics_json(w, e->metric);
	classes(w, e);
	curves(w, e);
	rivals(w, e);
	growth(w, e);
	jw_kstr(w, "verdict", e->verdict);
	jw_kbool(w, "better", e->better);
	jw_obj_end(w);
}

static void number(struct sbuf *b, const struct ml_value *v)
{
	if (isnan(v->value))
		sbuf_addf(b, " %26s", "-");
	else
		sbuf_addf(b, " %9.4f [%7.4f,%7.4f]", v->value, v->low, v->high);
}

void ml_eval_text(struct sbuf *b, const struct ml_eval *e)
{
	sbuf_addf(b, "%-18s %-26s", "out of sample", "model");
	for (size_t i = 0; i < e->n_baselines; i++)
		sbuf_addf(b, " %-26s", e->baseline[i].name);
	sbuf_addf(b, "\n");
	for (size_t m = 0; m < ML_METRICS_N; m++) {
		sbuf_addf(b, "%-17s", ml_metric_name((enum ml_metric)m));
		number(b, &e->metric[m]);
		for (size_t i = 0; i < e->n_baselines; i++)
			number(b, &e->baseline[i].metric[m]);
		sbuf_addf(b, "\n");
	}
	sbuf_addf(b, "\n%-8s %9s %9s %9s %9s   said: buy / hold / sell\n", "class",
		  "precision", "recall", "f1", "support");
	for (size_t k = 0; k < ML_ACTIONS; k++)
		sbuf_addf(b, "%-8s %9.4f %9.4f %9.4f %9zu   %zu / %zu / %zu\n",
			  ml_action_name((enum ml_action)k), e->row[k].precision,
			  e->row[k].recall, e->row[k].f1, e->row[k].support,
			  e->confusion[k][0], e->confusion[k][1], e->confusion[k][2]);
	if (e->n_importance > 0)
		sbuf_addf(b, "\nmost important (growth of the loss when shuffled)\n");
	for (size_t i = 0; i < e->n_importance && i < 10; i++) {
		sbuf_addf(b, "%-24s", e->importance[i].feature);
		number(b, &e->importance[i].loss);
		sbuf_addf(b, "\n");
	}
	sbuf_addf(b, "\n%s\n", e->verdict);
}
