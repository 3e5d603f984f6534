/* Inputs: their values for one machine, and how they are shown to hosts. */
#include "config.h"

#include "script/prog_i.h"

struct script_binding *script_bind(struct arena *out, const struct script_prog *p)
{
	struct script_binding *b = NEW(out, struct script_binding);

	b->p = p;
	b->out = out;
	b->v = NEW_N(out, double, p->inputs.n);
	b->text = NEW_N(out, const char *, p->inputs.n);
	for (size_t i = 0; i < p->inputs.n; i++) {
		b->v[i] = p->inputs.v[i].def;
		b->text[i] = p->inputs.v[i].def_text;
	}
	return b;
}

static bool is_whole(enum script_input_type t) { return t == INPUT_INT || t == INPUT_TIME; }

static int bind_number(struct script_binding *b, size_t i, double v, struct err *err)
{
	const struct script_input *in = &b->p->inputs.v[i];
	bool listed = in->options == NULL;

	if (isnan(v) || isinf(v))
		return FAIL(err, E_INVAL, "input \"%s\": not a number", in->name);
	if (is_whole(in->type) && v != floor(v))
		return FAIL(err, E_INVAL, "input \"%s\": %g is not a whole number",
			    in->name, v);
	if (v < in->min)
		return FAIL(err, E_INVAL, "input \"%s\": %g is less than %g", in->name, v,
			    in->min);
	if (v > in->max)
		return FAIL(err, E_INVAL, "input \"%s\": %g is more than %g", in->name, v,
			    in->max);
	for (size_t k = 0; !listed && k < in->n_options; k++)
		listed = in->options[k] == v;
	if (!listed)
		return FAIL(err, E_INVAL, "input \"%s\": %g is not one of its options",
			    in->name, v);
	b->v[i] = v;
	return 0;
}

static bool is_source(struct str s)
{
	static const char *const names[] = { "open", "high", "low", "close", "volume",
		"hl2", "hlc3", "hlcc4", "ohlc4" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eqc(s, names[i]))
			return true;
	return false;
}

static int bind_string(struct script_binding *b, size_t i, struct str s, struct err *err)
{
	const struct script_input *in = &b->p->inputs.v[i];

	if (s.n > 4096)
		return FAIL(err, E_INVAL, "input \"%s\": the text is too long", in->name);
	if (in->type == INPUT_SOURCE && !is_source(s))
		return FAIL(err, E_INVAL, "input \"%s\": a source is one of open, high, "
			    "low, close, volume, hl2, hlc3, hlcc4, ohlc4", in->name);
	for (size_t k = 0; k < in->n_options && in->options_text != NULL; k++)
		if (str_eqc(s, in->options_text[k])) {
			if (in->type == INPUT_ENUM)
				b->v[i] = in->options[k];
			else
				b->text[i] = str_dup(b->out, s);
			return 0;
		}
	if (in->options_text != NULL)
		return FAIL(err, E_INVAL, "input \"%s\": \"%.*s\" is not one of its "
			    "options", in->name, (int)(s.n > 40 ? 40 : s.n), s.p);
	b->text[i] = str_dup(b->out, s);
	return 0;
}

static bool wants_text(const struct script_input *in)
{
	return in->def_text != NULL || in->type == INPUT_ENUM;
}

static int find_input(const struct script_binding *b, struct str name, size_t *ret,
		      struct err *err)
{
	for (size_t i = 0; i < b->p->inputs.n; i++)
		if (str_eqc(name, b->p->inputs.v[i].name)) {
			*ret = i;
			return 0;
		}
	return FAIL(err, E_INVAL, "the script has no input \"%.*s\"",
		    (int)(name.n > 60 ? 60 : name.n), name.p);
}

static bool color_text(struct str s, double *ret)
{
	unsigned char raw[4] = { 0, 0, 0, 255 };

	if ((s.n != 7 && s.n != 9) || s.p[0] != '#' ||
	    !str_unhex(raw, (s.n - 1) / 2, str_n(s.p + 1, s.n - 1)))
		return false;
	*ret = raw[3] * 16777216.0 + raw[0] * 65536.0 + raw[1] * 256.0 + raw[2];
	return true;
}

int script_bind_text(struct script_binding *b, struct str name, struct str value,
		     struct err *err)
{
	const struct script_input *in;
	double v;
	size_t i;
	int rc = find_input(b, name, &i, err);

	if (rc < 0)
		return rc;
	in = &b->p->inputs.v[i];
	if (wants_text(in))
		return bind_string(b, i, value, err);
	if (in->type == INPUT_BOOL && (str_eqc(value, "true") || str_eqc(value, "false"))) {
		b->v[i] = str_eqc(value, "true");
		return 0;
	}
	if (in->type == INPUT_COLOR && color_text(value, &v)) {
		b->v[i] = v;
		return 0;
	}
	if (in->type == INPUT_BOOL || in->type == INPUT_COLOR || !str_double(value, &v))
		return FAIL(err, E_INVAL, "input \"%s\": \"%.*s\" is no %s", in->name,
			    (int)(value.n > 40 ? 40 : value.n), value.p,
			    script_input_type_name(in->type));
	return bind_number(b, i, v, err);
}

static int bind_value(struct script_binding *b, struct str name, const struct json *j,
		      struct err *err)
{
	struct str s;
	double v;
	bool flag;
	size_t i;
	int rc = find_input(b, name, &i, err);

	if (rc < 0)
		return rc;
	if (json_bool(j, &flag) && b->p->inputs.v[i].type == INPUT_BOOL) {
		b->v[i] = flag;
		return 0;
	}
	if (json_f64(j, &v) && !wants_text(&b->p->inputs.v[i]) &&
	    b->p->inputs.v[i].type != INPUT_BOOL)
		return bind_number(b, i, v, err);
	if (json_str(j, &s))
		return script_bind_text(b, name, s, err);
	return FAIL(err, E_INVAL, "input \"%s\": %s is needed", b->p->inputs.v[i].name,
		    script_input_type_name(b->p->inputs.v[i].type));
}

int script_bind_json(struct script_binding *b, const struct json *obj, struct err *err)
{
	const struct json *j;
	struct str key;
	int rc = 0;

	if (obj == NULL || json_type(obj) == JSON_NULL)
		return 0;
	if (json_type(obj) != JSON_OBJ)
		return FAIL(err, E_INVAL, "the inputs must be an object");
	for (size_t i = 0; rc == 0 && json_member(obj, i, &key, &j); i++)
		rc = bind_value(b, key, j, err);
	return rc;
}

/* --- Shown to hosts ------------------------------------------------------- */

static void put_color(struct jw *w, const char *key, double c)
{
	char buf[16];
	uint32_t v = f_color(c), a = v >> 24;

	jw_key(w, key);
	str_hex(buf + 1, (unsigned char[]){ v >> 16 & 255, v >> 8 & 255, v & 255,
					    a & 255 }, a == 255 ? 3 : 4);
	buf[0] = '#';
	jw_str(w, buf);
}

static void put_member(struct jw *w, const char *key, const struct script_input *in)
{
	for (size_t k = 0; k < in->n_options; k++)
		if (in->options[k] == in->def) {
			jw_kstr(w, key, in->options_text[k]);
			return;
		}
	jw_kstr(w, key, "");
}

static void put_default(struct jw *w, const char *key, const struct script_input *in)
{
	if (in->type == INPUT_ENUM)
		put_member(w, key, in);
	else if (in->def_text != NULL)
		jw_kstr(w, key, in->def_text);
	else if (in->type == INPUT_BOOL)
		jw_kbool(w, key, truth(in->def));
	else if (in->type == INPUT_COLOR && !isnan(in->def))
		put_color(w, key, in->def);
	else
		jw_kf64(w, key, in->def);
}

static void put_options(struct jw *w, const char *key, const struct script_input *in)
{
	if (in->n_options == 0)
		return;
	jw_key(w, key);
	jw_arr(w);
	for (size_t k = 0; k < in->n_options; k++) {
		if (in->options_text != NULL)
			jw_str(w, in->options_text[k]);
		else
			jw_f64(w, in->options[k]);
	}
	jw_arr_end(w);
}

static void put_number(struct jw *w, const char *key, double v)
{
	if (!isnan(v))
		jw_kf64(w, key, v);
}

void script_inputs_json(struct jw *w, const struct script_prog *p)
{
	jw_arr(w);
	for (size_t i = 0; i < p->inputs.n; i++) {
		const struct script_input *in = &p->inputs.v[i];

		jw_obj(w);
		jw_kstr(w, "name", in->name);
		jw_kstr(w, "title", in->title);
		jw_kstr(w, "type", script_input_type_name(in->type));
		put_default(w, "default", in);
		put_number(w, "min", in->min);
		put_number(w, "max", in->max);
		put_number(w, "step", in->step);
		put_options(w, "options", in);
		if (in->tooltip != NULL)
			jw_kstr(w, "tooltip", in->tooltip);
		if (in->group != NULL)
			jw_kstr(w, "group", in->group);
		if (in->inline_group != NULL)
			jw_kstr(w, "inline", in->inline_group);
		jw_obj_end(w);
	}
	jw_arr_end(w);
}

static void schema_of(struct jw *w, const struct script_input *in)
{
	static const char sources[] = "[\"open\",\"high\",\"low\",\"close\",\"volume\","
		"\"hl2\",\"hlc3\",\"hlcc4\",\"ohlc4\"]";

	jw_obj(w);
	jw_kstr(w, "title", in->title);
	if (in->tooltip != NULL)
		jw_kstr(w, "description", in->tooltip);
	jw_kstr(w, "type", in->type == INPUT_BOOL ? "boolean" : is_whole(in->type) ?
		"integer" : wants_text(in) || in->type == INPUT_COLOR ? "string" : "number");
	if (in->type == INPUT_COLOR)
		jw_kstr(w, "pattern", "^#([0-9a-fA-F]{6}|[0-9a-fA-F]{8})$");
	put_default(w, "default", in);
	put_number(w, "minimum", in->min);
	put_number(w, "maximum", in->max);
	put_options(w, "enum", in);
	if (in->type == INPUT_SOURCE) {
		jw_key(w, "enum");
		jw_raw(w, sources, sizeof(sources) - 1);
	}
	jw_obj_end(w);
}

void script_inputs_schema(struct jw *w, const struct script_prog *p)
{
	jw_obj(w);
	jw_kstr(w, "$schema", "https://json-schema.org/draft/2020-12/schema");
	jw_kstr(w, "type", "object");
	jw_kbool(w, "additionalProperties", false);
	jw_key(w, "properties");
	jw_obj(w);
	for (size_t i = 0; i < p->inputs.n; i++) {
		jw_key(w, p->inputs.v[i].name);
		schema_of(w, &p->inputs.v[i]);
	}
	jw_obj_end(w);
	jw_obj_end(w);
}

void script_properties_json(struct jw *w, const struct strat_properties *p)
{
	static const char *const qty[] = { "fixed", "cash", "percent_of_equity" };
	static const char *const fee[] = { "percent", "cash_per_contract", "cash_per_order" };

	jw_obj(w);
	jw_kstr(w, "title", p->title);
	jw_ki64(w, "version", p->version);
	jw_kbool(w, "is_strategy", p->is_strategy);
	jw_kbool(w, "overlay", p->overlay);
	jw_kstr(w, "currency", p->currency);
	jw_kf64(w, "initial_capital", p->initial_capital);
	jw_kstr(w, "default_qty_type", qty[p->default_qty_type]);
	jw_kf64(w, "default_qty_value", p->default_qty_value);
	jw_kstr(w, "commission_type", fee[p->commission_type]);
	jw_kf64(w, "commission_value", p->commission_value);
	jw_kf64(w, "margin_long", p->margin_long);
	jw_kf64(w, "margin_short", p->margin_short);
	jw_kf64(w, "risk_free_rate", p->risk_free_rate);
	jw_ki64(w, "pyramiding", p->pyramiding);
	jw_ki64(w, "slippage", p->slippage);
	jw_ki64(w, "backtest_fill_limits_assumption", p->fill_assumption_ticks);
	jw_kbool(w, "process_orders_on_close", p->process_orders_on_close);
	jw_kbool(w, "calc_on_every_tick", p->calc_on_every_tick);
	jw_kbool(w, "calc_on_order_fills", p->calc_on_order_fills);
	jw_kbool(w, "use_bar_magnifier", p->bar_magnifier);
	jw_kbool(w, "fill_orders_on_standard_ohlc", p->fill_on_standard_ohlc);
	jw_kstr(w, "close_entries_rule", p->close_any ? "ANY" : "FIFO");
	jw_obj_end(w);
}
