#include "config.h"

#include "bt/models.h"

int64_t bt_model_seen_to(const struct ml_model *m)
{
	return m->valid_to > m->train_to ? m->valid_to : m->train_to;
}

void bt_models_json(struct jw *w, const struct bt_models *k)
{
	if (k == NULL || k->n == 0)
		return;
	if (k->seen)
		jw_kbool(w, "in_sample", true);
	jw_key(w, "models");
	jw_arr(w);
	for (size_t i = 0; i < k->n; i++) {
		jw_obj(w);
		jw_kstr(w, "name", k->v[i].name);
		if (k->v[i].id != 0)
			jw_ku64(w, "id", k->v[i].id);
		jw_kstr(w, "kind", k->v[i].m->kind->name);
		jw_kstr(w, "checksum", k->v[i].m->sum);
		jw_ki64(w, "learned_to", bt_model_seen_to(k->v[i].m));
		jw_obj_end(w);
	}
	jw_arr_end(w);
}
