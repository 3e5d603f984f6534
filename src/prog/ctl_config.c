#include "config.h"

#include <stdio.h>

#include "prog/ctl.h"

#define TEXT_MAX ((size_t)1 << 20)

static int config_show(struct ctl *c)
{
	struct sbuf b;
	int status;

	if (!ctl_parse(c, NULL, NULL, 0, 0, &status) || !ctl_conf(c, &status))
		return status;
	sbuf_init(&b, c->arena, TEXT_MAX);
	conf_show(&b, c->conf);
	return ctl_print(c, &b);
}

static int config_get(struct ctl *c)
{
	struct err err;
	struct sbuf b;
	int status;

	if (!ctl_parse(c, NULL, "NAME", 1, 1, &status) || !ctl_conf(c, &status))
		return status;
	sbuf_init(&b, c->arena, TEXT_MAX);
	if (conf_get(&b, c->conf, c->argv[0], &err) < 0)
		return ctl_fail(c, &err);
	sbuf_add_c(&b, '\n');
	return ctl_print(c, &b);
}

static int config_check(struct ctl *c)
{
	struct conf_problems all = { 0 };
	struct conf *conf;
	struct err err;
	int status, rc;

	if (!ctl_parse(c, NULL, "[FILE]", 0, 1, &status))
		return status;
	rc = conf_load_all(c->arena, c->argc > 0 ? c->argv[0] : c->conf_path,
			   &conf, &all, &err);
	for (size_t i = 0; i < all.n; i++)
		fprintf(stderr, "%s: %s\n", c->name, all.v[i].text);
	if (rc < 0 && all.n == 0)
		fprintf(stderr, "%s: %s\n", c->name, err.msg);
	if (rc < 0)
		return EX_CONFIG;
	ctl_say(c, "%s: no problem", conf->file[0] != '\0' ? conf->file :
							     "no settings file");
	return EX_OK;
}

static int print_made(struct ctl *c, void (*make)(struct sbuf *b))
{
	struct sbuf b;
	int status;

	if (!ctl_parse(c, NULL, NULL, 0, 0, &status))
		return status;
	sbuf_init(&b, c->arena, TEXT_MAX);
	make(&b);
	return ctl_print(c, &b);
}

static int config_example(struct ctl *c)
{
	return print_made(c, conf_example);
}

static int config_man(struct ctl *c)
{
	return print_made(c, conf_man);
}

int ctl_config(struct ctl *c)
{
	static const struct ctl_sub subs[] = {
		{ "show", config_show, NULL, "every setting, and where it is from" },
		{ "get", config_get, "NAME", "one value (seconds, bytes)" },
		{ "check", config_check, "[FILE]", "name every mistake in the settings" },
		{ "example", config_example, NULL, "print orch.conf.example" },
		{ "man", config_man, NULL, "print orch.conf(5)" },
		{ 0 },
	};

	return ctl_dispatch(c, subs);
}
