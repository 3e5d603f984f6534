/* Drawings: labels, lines, boxes, tables, fills and polylines are objects with
 * the fields of their constructor; scripts set them and read them back, hosts
 * show them.  chart.point is a record. */
#include "config.h"

#include "script/lib_i.h"

/* Fields in the order of the constructor's arguments, as in signatures.
 * `points`: the arguments that stand for pairs of them. */
const struct drawing script_drawings[DRAW__MAX] = {
	{ "label", "x:i y:f text:s xloc:s yloc:s color:c style:s textcolor:c size:x "
	  "textalign:s tooltip:s text_font_family:s force_overlay:b text_formatting:x",
	  "point text xloc yloc color style textcolor size textalign tooltip "
	  "text_font_family force_overlay text_formatting" },
	{ "line", "x1:i y1:f x2:i y2:f xloc:s extend:s color:c style:s width:i "
	  "force_overlay:b",
	  "first_point second_point xloc extend color style width force_overlay" },
	{ "box", "left:i top:f right:i bottom:f border_color:c border_width:i "
	  "border_style:s extend:s xloc:s bgcolor:c text:s text_size:x text_color:c "
	  "text_halign:s text_valign:s text_wrap:s text_font_family:s force_overlay:b "
	  "text_formatting:x",
	  "top_left bottom_right border_color border_width border_style extend xloc "
	  "bgcolor text text_size text_color text_halign text_valign text_wrap "
	  "text_font_family force_overlay text_formatting" },
	{ "table", "position:s columns:i rows:i bgcolor:c frame_color:c frame_width:i "
	  "border_color:c border_width:i force_overlay:b", "" },
	{ "linefill", "line1:l line2:l color:c", "" },
	{ "polyline", "points:x curved:b closed:b xloc:s line_color:c fill_color:c "
	  "line_style:s line_width:i force_overlay:b", "" },
};

static int kind_of(struct str name)
{
	for (int i = 0; i < DRAW__MAX; i++)
		if (str_eqc(name, script_drawings[i].name))
			return i;
	return -1;
}

/* The place of a field; its type's letter. */
static int field_at(int kind, struct str name, char *ret)
{
	struct str all = str_c(script_drawings[kind].fields), w, f;

	for (int i = 0; str_split(&all, ' ', &w); i++) {
		str_split(&w, ':', &f);
		if (!str_eq(f, name))
			continue;
		*ret = w.p[0];
		return i;
	}
	return -1;
}

static const struct type *field_type(struct gen *g, char letter)
{
	return letter == 'l' ? type_drawing(g, STR("line")) :
	       letter == 'x' ? &ty_na : lib_type(g, &letter);
}

/* The two fields that a point's argument stands for. */
static bool point_fields(struct str name, struct str *x, struct str *y)
{
	static const char *const pairs[][3] = {
		{ "point", "x", "y" }, { "first_point", "x1", "y1" },
		{ "second_point", "x2", "y2" }, { "top_left", "left", "top" },
		{ "bottom_right", "right", "bottom" },
		{ "top_left_point", "left", "top" },
		{ "bottom_right_point", "right", "bottom" },
	};

	for (size_t i = 0; i < ARRAY_LEN(pairs); i++)
		if (str_eqc(name, pairs[i][0])) {
			*x = str_c(pairs[i][1]);
			*y = str_c(pairs[i][2]);
			return true;
		}
	return false;
}

static bool is_point(const struct type *t)
{
	return t->b == TY_RECORD && str_eqc(t->name, "chart.point");
}

static struct val point_part(struct gen *g, struct val p, int field, const struct ast *at)
{
	struct val in[2] = { p, val_const(&ty_int, field) }, r;

	r = lib_call(g, &lib_field_get, in, 2, at);
	if (r.ty->b != TY_ERROR)
		r.ty = field == 2 ? &ty_float : &ty_int;
	return r;
}

/* A point's place on the axis of time: its bar's number, else its time. */
static struct val point_x(struct gen *g, struct val p, const struct ast *at)
{
	struct val k = point_part(g, p, 1, at), t = point_part(g, p, 0, at);

	return k.ty->b == TY_ERROR ? k : op(g, OP_NZ, &ty_int, k, t, k);
}

static bool put(struct gen *g, int kind, struct str name, struct val v, struct val *to,
		const struct ast *at)
{
	const struct type *t;
	struct str x, y;
	char letter = 'x';
	int i;

	if (v.ty->b == TY_ERROR)
		return false;
	if (point_fields(name, &x, &y)) {
		if (!is_point(v.ty)) {
			ERR_AT(g->c, at, "TYPE", "\"%.*s\" must be a chart.point",
			       STR_ARG(name));
			return false;
		}
		return put(g, kind, x, point_x(g, v, at), to, at) &&
		       put(g, kind, y, point_part(g, v, 2, at), to, at);
	}
	i = field_at(kind, name, &letter);
	if (i < 0)
		return true;
	t = field_type(g, letter);
	if (t->b == TY_INT && v.ty->b == TY_FLOAT)
		v = op(g, OP_TOINT, &ty_int, v, v, v);
	/* a colour that is na is none; a text may be any constant's name */
	to[i] = letter == 'x' || v.ty->b == TY_NA ? v :
		coerce(g, v, t, at, "this argument");
	return to[i].ty->b != TY_ERROR;
}

static struct val call(struct gen *g, const char *name, const char *ret, call_fn *fn, int code,
		       struct val *v, size_t n, const struct ast *at)
{
	struct lib row = { name, "", ret, LIB_FN, code, LF_HEAP, fn, NULL };

	return lib_call(g, &row, v, n, at);
}

static size_t words_in(const char *words)
{
	struct str all = str_c(words), w;
	size_t n = 0;

	while (str_split(&all, ' ', &w))
		n++;
	return n;
}

/* The name of positional argument i. */
static struct str word_at(const char *words, size_t i)
{
	struct str all = str_c(words), w = STR(""), f;

	for (size_t k = 0; k <= i; k++)
		if (!str_split(&all, ' ', &w))
			return STR("");
	str_split(&w, ':', &f);
	return f;
}

static struct val draw_new(struct gen *g, int kind, struct args *a, const struct ast *n)
{
	const struct drawing *d = &script_drawings[kind];
	bool points = a->n > 0 && d->points[0] != '\0' && a->v[0].name.n == 0 &&
		      is_point(a->v[0].v.ty);
	const char *words = points ? d->points : d->fields;
	size_t fields = words_in(d->fields);
	struct val *v = NEW_N(g->c->tmp, struct val, fields), r;

	for (size_t i = 0; i < fields; i++)
		v[i] = val_na(&ty_na);
	if (a->n > words_in(words) + 2) {
		ERR_AT(g->c, n, "ARGS", "%s.new() takes at most %zu arguments", d->name,
		       words_in(words));
		return val_error();
	}
	for (size_t i = 0; i < a->n; i++)
		if (!put(g, kind, a->v[i].name.n > 0 ? a->v[i].name : word_at(words, i),
			 a->v[i].v, v, a->v[i].at))
			return val_error();
	r = call(g, "drawing", "x", fn_draw_new, kind, v, fields, n);
	if (r.ty->b != TY_ERROR)
		r.ty = type_drawing(g, str_c(d->name));
	return r;
}

/* set_x(id, x), set_xy1(id, x, y), set_xloc(id, x1, x2, xloc) ... */
static struct val draw_set(struct gen *g, int kind, struct str what, struct args *a,
			   const struct ast *n)
{
	static const char *const several[][2] = {
		{ "label.xy", "x y" }, { "label.xloc", "x xloc" }, { "line.xy1", "x1 y1" },
		{ "line.xy2", "x2 y2" }, { "line.xloc", "x1 x2 xloc" },
		{ "box.lefttop", "left top" }, { "box.rightbottom", "right bottom" },
		{ "box.xloc", "left right xloc" },
	};
	const char *key = arena_printf(g->c->tmp, "%s.%.*s", script_drawings[kind].name,
				       STR_ARG(what));
	const char *words = str_dup(g->c->tmp, what);
	struct val v[32], in[3];

	for (size_t i = 0; i < ARRAY_LEN(several); i++)
		if (strcmp(key, several[i][0]) == 0)
			words = several[i][1];
	for (size_t i = 0; i < ARRAY_LEN(v); i++)
		v[i] = val_const(&ty_void, NAN);
	for (size_t i = 1; i < a->n; i++)
		if (!put(g, kind, word_at(words, i - 1), a->v[i].v, v, a->v[i].at))
			return val_error();
	in[0] = a->v[0].v;
	for (size_t i = 0; i < ARRAY_LEN(v); i++) {
		if (v[i].ty->b == TY_VOID)
			continue;
		in[1] = val_const(&ty_int, (double)i);
		in[2] = v[i];
		call(g, key, "u", fn_draw_set, kind, in, 3, n);
	}
	return val_const(&ty_void, NAN);
}

static struct val draw_get(struct gen *g, int kind, struct str what, struct args *a,
			   const struct ast *n, bool *ret_known)
{
	struct val in[2] = { a->v[0].v, val_na(&ty_na) }, r;
	char letter = 'x';
	int i;

	if (kind == DRAW_LINE && str_eqc(what, "price") && a->n == 2) {
		in[1] = a->v[1].v;
		return call(g, "line.get_price", "f", fn_draw_price, 0, in, 2, n);
	}
	i = field_at(kind, what, &letter);
	*ret_known = i >= 0;
	if (i < 0)
		return val_error();
	in[1] = val_const(&ty_int, i);
	r = call(g, "drawing", "x", fn_draw_get, kind, in, 2, n);
	if (r.ty->b != TY_ERROR)
		r.ty = field_type(g, letter);
	return r;
}

static struct val point_new(struct gen *g, struct str how, struct args *a, const struct ast *n)
{
	const char *words = str_eqc(how, "new") ? "time index price" :
		str_eqc(how, "from_index") ? "index price" :
		str_eqc(how, "from_time") ? "time price" : "price";
	struct val v[3] = { val_na(&ty_int), val_na(&ty_int), val_na(&ty_float) }, r;

	if (str_eqc(how, "now")) {
		v[0] = val_col(&ty_int, COL_TIME);
		v[1] = val_col(&ty_int, COL_INDEX);
		v[2] = val_col(&ty_float, COL_CLOSE);
	}
	for (size_t i = 0; i < a->n; i++) {
		struct str w = a->v[i].name.n > 0 ? a->v[i].name : word_at(words, i);
		int k = str_eqc(w, "time") ? 0 : str_eqc(w, "index") ? 1 : 2;

		v[k] = coerce(g, a->v[i].v, k == 2 || a->v[i].v.ty->b == TY_FLOAT ? &ty_float :
			      &ty_int, a->v[i].at, "this argument");
	}
	r = lib_call(g, &lib_record_new, v, 3, n);
	if (r.ty->b != TY_ERROR)
		r.ty = type_point(g);
	return r;
}

/* The argument that goes by this name or stands in its place, as type t (NULL:
 * a number); na when it is not given or is of another type. */
static struct val arg_of(struct gen *g, const struct args *a, const char *words,
			 const char *name, const struct type *t)
{
	for (size_t i = 0; i < a->n; i++) {
		struct val v = a->v[i].v;

		if (!str_eqc(a->v[i].name.n > 0 ? a->v[i].name : word_at(words, i), name))
			continue;
		if (t == NULL)
			return v;
		return can_coerce(g, v.ty, t) ? coerce(g, v, t, a->v[i].at, name) :
			val_na(&ty_na);
	}
	return val_na(&ty_na);
}

static void table_clear(struct gen *g, const struct args *a, const struct ast *n)
{
	static const char words[] = "table_id start_column start_row end_column end_row";
	struct val in[5];
	struct str all = str_c(words), w;

	for (size_t i = 0; str_split(&all, ' ', &w); i++)
		in[i] = arg_of(g, a, words, str_dup(g->c->tmp, w), NULL);
	call(g, "table.clear", "u", fn_draw_clear, 0, in, 5, n);
}

/* What a table's cell shows: table.cell() gives text and colours at once, the
 * others (`field`) one of them.  Sizes, fonts and alignment are the host's. */
static void table_cell(struct gen *g, const char *field, const struct args *a,
		       const struct ast *n)
{
	static const char *const fields[] = { "text", "text_color", "bgcolor" };
	const struct type *const types[] = { &ty_string, &ty_color, &ty_color };
	const char *words = field == NULL ?
		"table_id column row text width height text_color text_halign text_valign "
		"text_size bgcolor" : arena_printf(g->c->tmp, "table_id column row %s", field);
	struct val in[6] = {
		arg_of(g, a, words, "table_id", NULL), arg_of(g, a, words, "column", NULL),
		arg_of(g, a, words, "row", NULL),
	};
	int one = (int)ARRAY_LEN(fields);

	for (int i = 0; i < (int)ARRAY_LEN(fields); i++) {
		in[3 + i] = arg_of(g, a, words, fields[i], types[i]);
		if (field != NULL && strcmp(field, fields[i]) == 0)
			one = i;
	}
	if (field == NULL || one < (int)ARRAY_LEN(fields))
		call(g, "table.cell", "u", fn_draw_cell, one, in, 6, n);
}

static void table_call(struct gen *g, struct str verb, const struct args *a,
		       const struct ast *n)
{
	if (str_eqc(verb, "clear"))
		table_clear(g, a, n);
	else if (str_eqc(verb, "cell"))
		table_cell(g, NULL, a, n);
	else if (str_starts(verb, "cell_set_"))
		table_cell(g, str_dup(g->c->tmp, str_n(verb.p + 9, verb.n - 9)), a, n);
}

/* label.new(...), line.set_x1(...): *ret_known is false for what is none. */
struct val gen_drawing(struct gen *g, const char *name, struct args *a, const struct ast *n,
		       bool *ret_known)
{
	struct str verb = str_c(name), space;
	int kind;

	*ret_known = true;
	if (str_starts(verb, "chart.point.") && a->n > 0)
		return point_new(g, str_c(name + 12), a, n);
	str_split(&verb, '.', &space);
	kind = kind_of(space);
	*ret_known = kind >= 0;
	if (kind < 0)
		return val_error();
	for (size_t i = 0; i < a->n; i++)
		if (a->v[i].v.ty->b == TY_ERROR)
			return val_error();
	if (g->parent != NULL)			/* a sub-program only computes */
		return val_na(str_eqc(verb, "new") ? type_drawing(g, space) : &ty_na);
	if (str_eqc(verb, "new"))
		return draw_new(g, kind, a, n);
	if (a->n > 0 && str_eqc(verb, "copy")) {
		struct val r = call(g, "copy", "0", fn_draw_copy, kind, &a->v[0].v, 1, n);

		return r;
	}
	if (a->n > 0 && str_eqc(verb, "delete")) {
		call(g, "delete", "u", fn_draw_delete, kind, &a->v[0].v, 1, n);
		return val_const(&ty_void, NAN);
	}
	if (a->n > 0 && str_starts(verb, "get_"))
		return draw_get(g, kind, str_n(verb.p + 4, verb.n - 4), a, n, ret_known);
	*ret_known = name_drawing(name);
	if (!*ret_known)
		return val_const(&ty_void, NAN);
	if (kind == DRAW_TABLE && !str_starts(verb, "set_"))
		table_call(g, verb, a, n);
	if (a->n > 0 && str_starts(verb, "set_"))
		return draw_set(g, kind, str_n(verb.p + 4, verb.n - 4), a, n);
	return val_const(&ty_void, NAN);
}
