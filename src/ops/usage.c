#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ops/ops_i.h"

static bool read_file(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return false;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n <= 0)
		return false;
	buf[n] = '\0';
	return true;
}

/* The number at the place of a text of numbers between blanks. */
static uint64_t number_at(const char *s, unsigned place)
{
	uint64_t v = 0;

	for (; place > 0 && s != NULL; place--) {
		s = strchr(s, ' ');
		s = s != NULL ? s + 1 : NULL;
	}
	for (; s != NULL && *s >= '0' && *s <= '9'; s++)
		v = v * 10 + (uint64_t)(*s - '0');
	return v;
}

bool ops_proc_usage(int pid, uint64_t *ret_rss, uint64_t *ret_cpu_us)
{
	char path[40], statm[256], stat[1024];
	const char *after;
	uint64_t ticks;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	if (!read_file(path, statm, sizeof(statm)))
		return false;
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (!read_file(path, stat, sizeof(stat)))
		return false;
	/* The name, in parentheses, may hold blanks; then come field 3 on. */
	after = strrchr(stat, ')');
	if (after == NULL || after[1] != ' ')
		return false;
	ticks = number_at(after + 2, 11) + number_at(after + 2, 12);
	*ret_rss = number_at(statm, 1) * (uint64_t)sysconf(_SC_PAGESIZE);
	*ret_cpu_us = ticks * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
	return true;
}

void ops_census(const struct board *board, struct census *ret)
{
	struct slot_view v;

	*ret = (struct census){ 0 };
	for (unsigned r = 0; r < ROLE__MAX; r++)
		ret->cpu_us[r] = board_cpu_us(board, (enum board_role)r);
	for (unsigned i = 0; board_slot_next(board, &i, &v); ) {
		uint64_t rss, cpu;

		if ((unsigned)v.role >= ROLE__MAX ||
		    (unsigned)v.state >= SLOT__MAX)
			continue;
		ret->states[v.role][v.state]++;
		if (v.pid > 0 && ops_proc_usage(v.pid, &rss, &cpu)) {
			ret->rss[v.role] += rss;
			ret->cpu_us[v.role] += cpu;
		}
	}
}
