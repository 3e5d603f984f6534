/* ml.predict("name", "buy"), ml.action("name"), ml.confidence("name"): what a
 * model of the host says at the close of each bar. */
#include "config.h"

#include "script/lib_i.h"

#define MODELS_MAX 16		/* of one script */

static struct val value(struct gen *g, size_t model, int which, const struct ast *n)
{
	static const struct lib row = { "ml.predict", "", "f", LIB_FN, 0, LF_PURE,
		fn_model, NULL };
	struct val in[3] = { val_col(&ty_int, COL_TIME),
		val_const(&ty_int, (double)model), val_const(&ty_int, which) };

	return lib_call(g, &row, in, 3, n);
}

static struct val equals(struct gen *g, struct val x, int k)
{
	struct val c = val_const(&ty_int, k);

	return op(g, OP_IEQ, &ty_bool, x, c, c);
}

/* The action's name; na before the model can say. */
static struct val action(struct gen *g, size_t model, const struct ast *n)
{
	static const char *const names[] = { "buy", "hold", "sell" };
	struct val x = value(g, model, SM_ACTION, n), r = val_na(&ty_string);

	for (int k = 3; k-- > 0; )
		r = op(g, OP_SELECT, &ty_string, equals(g, x, k),
		       val_text(g, str_c(names[k])), r);
	return r;
}

static bool constant(const struct val *v)
{
	return v->ty->b == TY_STRING && v->rate == RATE_CONST && is_ref(v->k);
}

/* The number of a name in the program's list, or -1 after a sentence. */
static int model_of(struct gen *g, struct str name, const struct ast *n)
{
	struct script_prog *p = g->p;

	if (name.n == 0 || name.n > 120) {
		ERR_AT(g->c, n, "ARGS", "the name of a model has from 1 to 120 "
		       "characters");
		return -1;
	}
	for (size_t i = 0; i < p->models.n; i++)
		if (str_eqc(name, p->models.v[i]))
			return (int)i;
	if (p->models.n == MODELS_MAX) {
		ERR_AT(g->c, n, "LIMIT", "a script asks at most %d models", MODELS_MAX);
		return -1;
	}
	if (p->models.n == 0)
		p->model_line = n->line;
	*array_push(g->c->out, &p->models) = str_dup(g->c->out, name);
	return (int)p->models.n - 1;
}

static int output_of(struct gen *g, struct str name, const struct ast *n)
{
	static const struct { const char *name; int which; } outputs[] = {
		{ "buy", SM_BUY }, { "hold", SM_HOLD }, { "sell", SM_SELL },
		{ "return", SM_RETURN },
	};

	for (size_t i = 0; i < ARRAY_LEN(outputs); i++)
		if (str_eqc(name, outputs[i].name))
			return outputs[i].which;
	ERR_AT(g->c, n, "ARGS", "ml.predict() gives \"buy\", \"hold\", \"sell\" or "
	       "\"return\", not \"%.*s\"", (int)(name.n < 40 ? name.n : 40), name.p);
	return -1;
}

struct val sp_model(struct gen *g, const struct lib *l, struct val *v, struct args *a,
		    const struct ast *n)
{
	bool predict = strcmp(l->name, "ml.predict") == 0;
	size_t want = predict ? 2 : 1;
	struct val x[2];
	int model, which;

	(void)v;
	for (size_t i = 0; i < want; i++) {
		struct val *named = arg_find(a, i == 0 ? "model" : "output");

		x[i] = named != NULL ? *named :
			i < a->n && a->v[i].name.n == 0 ? a->v[i].v : val_na(&ty_na);
		if (x[i].ty->b == TY_ERROR)
			return val_error();
	}
	if (a->n != want || !constant(&x[0]) || (predict && !constant(&x[1]))) {
		ERR_AT(g->c, n, "ARGS", "%s() needs %s, a constant text", l->name,
		       predict ? "the name of a model and \"buy\", \"hold\", \"sell\" or "
		       "\"return\", each" : "the name of a model");
		return val_error();
	}
	if (g->parent != NULL) {
		ERR_AT(g->c, n, "UNSUPPORTED", "%s() belongs to the chart's candles and has "
		       "no value in request.security()", l->name);
		return val_error();
	}
	model = model_of(g, g->p->strs.v[ref_index(x[0].k)], n);
	which = predict ? output_of(g, g->p->strs.v[ref_index(x[1].k)], n) : SM_CONFIDENCE;
	if (model < 0 || which < 0)
		return val_error();
	if (strcmp(l->name, "ml.action") == 0)
		return action(g, (size_t)model, n);
	return value(g, (size_t)model, which, n);
}

size_t script_models(const struct script_prog *p, const char *const **ret)
{
	*ret = (const char *const *)p->models.v;
	return p->models.n;
}

int vm_find_models(struct script_vm *vm, struct err *err)
{
	const struct script_prog *p = vm->p;

	vm->models = NEW_N(vm->out, const struct script_model *, p->models.n + 1);
	for (size_t i = 0; i < p->models.n; i++) {
		for (size_t k = 0; k < vm->m.n_models && vm->models[i] == NULL; k++)
			if (strcmp(vm->m.models[k].name, p->models.v[i]) == 0)
				vm->models[i] = &vm->m.models[k];
		if (vm->models[i] == NULL)
			return FAIL(err, E_UNPROCESSABLE, "line %d: the script asks the "
				    "model \"%s\", and there is none of that name here",
				    p->model_line, p->models.v[i]);
	}
	return 0;
}

/* time of the bar, model, which of its values */
int fn_model(struct script_vm *vm, double *ret, const double *a, size_t n)
{
	const struct script_model *m = vm->models[(size_t)a[1]];
	int64_t t = (int64_t)a[0];
	size_t lo = 0, hi = m->n;

	(void)n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (m->t[mid] < t)
			lo = mid + 1;
		else
			hi = mid;
	}
	*ret = lo < m->n && m->t[lo] == t ? m->v[lo * SM__N + (size_t)a[2]] : NAN;
	return 0;
}
