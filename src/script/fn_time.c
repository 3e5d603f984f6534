/* Time: civil parts in a time zone, sessions, timeframes, market facts. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "script/lib_i.h"

#define FN(name) int fn_##name(struct script_vm *vm, double *ret, const double *a, size_t n)
#define DAY_MS 86400000LL

static int64_t floor_div(int64_t a, int64_t b)
{
	int64_t q = a / b;

	return a % b < 0 ? q - 1 : q;
}

/* --- Time zones ---------------------------------------------------------- */

/* Zones by name: standard offset in minutes and the rule of summer time. */
enum dst { DST_NONE, DST_US, DST_EU, DST_AU };
static const struct zone { const char *name; int minutes; enum dst dst; } zones[] = {
	{ "UTC", 0, DST_NONE }, { "GMT", 0, DST_NONE }, { "Etc/UTC", 0, DST_NONE },
	{ "America/New_York", -300, DST_US }, { "US/Eastern", -300, DST_US },
	{ "America/Toronto", -300, DST_US }, { "America/Chicago", -360, DST_US },
	{ "America/Denver", -420, DST_US }, { "America/Los_Angeles", -480, DST_US },
	{ "America/Sao_Paulo", -180, DST_NONE }, { "Europe/London", 0, DST_EU },
	{ "Europe/Lisbon", 0, DST_EU }, { "Europe/Berlin", 60, DST_EU },
	{ "Europe/Paris", 60, DST_EU }, { "Europe/Madrid", 60, DST_EU },
	{ "Europe/Rome", 60, DST_EU }, { "Europe/Zurich", 60, DST_EU },
	{ "Europe/Amsterdam", 60, DST_EU }, { "Europe/Athens", 120, DST_EU },
	{ "Europe/Istanbul", 180, DST_NONE }, { "Europe/Moscow", 180, DST_NONE },
	{ "Asia/Dubai", 240, DST_NONE }, { "Asia/Kolkata", 330, DST_NONE },
	{ "Asia/Bangkok", 420, DST_NONE }, { "Asia/Singapore", 480, DST_NONE },
	{ "Asia/Hong_Kong", 480, DST_NONE }, { "Asia/Shanghai", 480, DST_NONE },
	{ "Asia/Taipei", 480, DST_NONE }, { "Asia/Seoul", 540, DST_NONE },
	{ "Asia/Tokyo", 540, DST_NONE }, { "Australia/Sydney", 600, DST_AU },
	{ "Pacific/Auckland", 720, DST_NONE },
};

/* 1 = Sunday, as the language counts. */
static int weekday(int64_t days) { return (int)((days % 7 + 7 + 4) % 7) + 1; }

/* The k-th (1..; 5 = last) Sunday of a month, as a day number. */
static int64_t sunday(int year, int month, int k)
{
	int64_t first = time_from_civil(year, month, 1), d = first;

	d += (8 - weekday(first)) % 7;
	if (k < 5)
		return d + 7 * (k - 1);
	while (d + 7 < (month == 12 ? time_from_civil(year + 1, 1, 1) :
			time_from_civil(year, month + 1, 1)))
		d += 7;
	return d;
}

static bool summer(const struct zone *z, int64_t utc_ms)
{
	int y, m, d;
	int64_t on, off, std = (int64_t)z->minutes * 60000;

	if (z->dst == DST_NONE)
		return false;
	time_to_civil(floor_div(utc_ms + std, DAY_MS), &y, &m, &d);
	switch (z->dst) {
	case DST_US:			/* 2:00 local, both ways */
		on = sunday(y, 3, 2) * DAY_MS + 7200000 - std;
		off = sunday(y, 11, 1) * DAY_MS + 3600000 - std;
		return utc_ms >= on && utc_ms < off;
	case DST_EU:			/* 1:00 UTC, both ways */
		on = sunday(y, 3, 5) * DAY_MS + 3600000;
		off = sunday(y, 10, 5) * DAY_MS + 3600000;
		return utc_ms >= on && utc_ms < off;
	case DST_AU:
		on = sunday(y, 10, 1) * DAY_MS + 7200000 - std;
		off = sunday(y, 4, 1) * DAY_MS + 7200000 - std;
		return utc_ms >= on || utc_ms < off;
	case DST_NONE:
		break;
	}
	return false;
}

/* "UTC+3", "GMT-05:30", "+0200"; what is behind UTC or GMT. */
static bool offset_minutes(struct str s, int *ret)
{
	int sign, h = 0, m = 0, digits = 0;

	if (str_starts(s, "UTC") || str_starts(s, "GMT"))
		s = str_n(s.p + 3, s.n - 3);
	if (s.n < 2 || (s.p[0] != '+' && s.p[0] != '-'))
		return false;
	sign = s.p[0] == '-' ? -1 : 1;
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == ':')
			continue;
		if (s.p[i] < '0' || s.p[i] > '9' || ++digits > 4)
			return false;
		if (digits <= 2)
			h = h * 10 + s.p[i] - '0';
		else
			m = m * 10 + s.p[i] - '0';
	}
	if (h > 14 || m > 59)
		return false;
	*ret = sign * (h * 60 + m);
	return true;
}

bool script_zone_offset(struct str s, int64_t utc_ms, int64_t *ret)
{
	int min;

	for (size_t i = 0; i < ARRAY_LEN(zones); i++)
		if (str_eqc(s, zones[i].name)) {
			*ret = ((int64_t)zones[i].minutes +
				(summer(&zones[i], utc_ms) ? 60 : 0)) * 60000;
			return true;
		}
	if (!offset_minutes(s, &min))
		return false;
	*ret = (int64_t)min * 60000;
	return true;
}

/* What must be added to UTC; ends the run for a zone nobody knows. */
static int64_t zone_ms(struct script_vm *vm, double tz, int64_t utc_ms)
{
	struct str s = is_na(tz) ? str_c(vm->m.timezone) : vm_str(vm, tz);
	int64_t ms = 0;

	if (s.n == 0)
		s = str_c(vm->m.timezone);
	if (script_zone_offset(s, utc_ms, &ms))
		return ms;
	vm_fail(vm, E_INVAL, vm->call->line, "the time zone \"%.*s\" is not known; write "
		"it as UTC+2", STR_ARG(s));
	return 0;
}

static bool in_range(double t) { return fabs(t) < 8.64e15; }

FN(time_part)
{
	int64_t t, day;
	int y, m, d;

	*ret = NAN;
	if (isnan(a[0]) || !in_range(a[0]))
		return 0;
	t = (int64_t)a[0];
	t += zone_ms(vm, n > 1 ? a[1] : NAN, t);
	day = floor_div(t, DAY_MS);
	time_to_civil(day, &y, &m, &d);
	t -= day * DAY_MS;
	switch (vm->call->data) {
	case TP_YEAR: *ret = y; break;
	case TP_MONTH: *ret = m; break;
	case TP_DAY: *ret = d; break;
	case TP_WEEKDAY: *ret = weekday(day); break;
	case TP_HOUR: *ret = (double)(t / 3600000); break;
	case TP_MINUTE: *ret = (double)(t / 60000 % 60); break;
	case TP_SECOND: *ret = (double)(t / 1000 % 60); break;
	default: {			/* ISO week: that of its Thursday */
		int64_t thursday = day - (weekday(day) + 5) % 7 + 3;

		time_to_civil(thursday, &y, &m, &d);
		*ret = (double)((thursday - time_from_civil(y, 1, 1)) / 7 + 1);
		break;
	}
	}
	return 0;
}

/* Year, month, day, hour, minute, second as if the clock stood on UTC. */
static bool clock_reading(const double *v, int64_t *ret)
{
	int64_t t, months;

	for (int i = 0; i < 6; i++)
		if (isnan(v[i]) || fabs(v[i]) > 1e6)
			return false;
	if (v[0] < 1 || v[0] > 9999)
		return false;
	months = (int64_t)v[0] * 12 + (int64_t)v[1] - 1;
	t = time_from_civil((int)floor_div(months, 12),
			    (int)(months - floor_div(months, 12) * 12) + 1, 1);
	t = (t + (int64_t)v[2] - 1) * DAY_MS + (int64_t)v[3] * 3600000 +
	    (int64_t)v[4] * 60000 + (int64_t)v[5] * 1000;
	*ret = t;
	return true;
}

FN(timestamp)
{
	double tz = vm->call->data == 1 ? a[0] : NAN;
	int64_t t;

	(void)n;
	*ret = NAN;
	if (clock_reading(a + (vm->call->data == 1), &t))
		*ret = (double)(t - zone_ms(vm, tz, t - zone_ms(vm, tz, t)));
	return 0;
}

bool time_of_parts(const double *v, struct str tz, double *ret)
{
	int64_t t, off = 0;

	if (!clock_reading(v, &t) || !script_zone_offset(tz, t, &off) ||
	    !script_zone_offset(tz, t - off, &off))
		return false;
	*ret = (double)(t - off);
	return true;
}

/* The offset of a zone behind the time of day, "+0200" or "UTC-5". */
static bool zone_behind(const char *s, int64_t *ret)
{
	int min;

	s = strchr(s, ':');
	s = s != NULL ? strpbrk(s, "+-") : NULL;
	if (s == NULL)
		return true;
	if (!offset_minutes(str_c(s), &min))
		return false;
	*ret -= min * 60000LL;
	return true;
}

/* Day, month's name, year, and perhaps a time of day, in this or in the
 * American order. */
static bool named_month(const char *s, int *v)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	char mon[16];
	const char *at;

	if (sscanf(s, "%d %15s %d %d:%d:%d", &v[2], mon, &v[0], &v[3], &v[4], &v[5]) < 3 &&
	    sscanf(s, "%15s %d, %d %d:%d:%d", mon, &v[2], &v[0], &v[3], &v[4], &v[5]) < 3 &&
	    sscanf(s, "%15s %d %d %d:%d:%d", mon, &v[2], &v[0], &v[3], &v[4], &v[5]) < 3)
		return false;
	mon[3] = '\0';
	at = strstr(months, mon);
	v[1] = at == NULL ? 0 : (int)(at - months) / 3 + 1;
	return true;
}

/* "2024-01-31T13:00:00+02:00", "31 Jan 2024 13:00 +0000", "2024-01-31". */
bool time_of_text(struct str s, int64_t *ret)
{
	/* year, month, day, hour, minute, second */
	static const int least[6] = { 1, 1, 1, 0, 0, 0 };
	static const int most[6] = { 9999, 12, 31, 24, 59, 59 };
	int v[6] = { 0 };
	char buf[64];

	if (s.n >= sizeof(buf))
		return false;
	memcpy(buf, s.p, s.n);
	buf[s.n] = '\0';
	if (time_parse(ret, buf))
		return true;
	if (sscanf(buf, "%4d-%2d-%2d%*1[ T]%d:%d:%d", &v[0], &v[1], &v[2], &v[3], &v[4],
		   &v[5]) < 3 && !named_month(buf, v))
		return false;
	for (int i = 0; i < 6; i++)
		if (v[i] < least[i] || v[i] > most[i])
			return false;
	*ret = time_from_civil(v[0], v[1], v[2]) * DAY_MS + v[3] * 3600000LL +
	       v[4] * 60000LL + v[5] * 1000LL;
	return zone_behind(buf, ret);
}

FN(time_text)
{
	struct str s = vm_str(vm, a[0]);
	int64_t t;

	(void)n;
	if (!time_of_text(s, &t)) {
		vm_fail(vm, E_INVAL, vm->call->line, "timestamp(): \"%.*s\" is not a date; "
			"write 2024-01-31 13:00", STR_ARG(s));
		return 0;
	}
	*ret = (double)t;
	return 0;
}

/* What a letter of the pattern stands for; -1: itself. */
static int letter_value(char c, int64_t t, int y, int m, int d)
{
	switch (c) {
	case 'y': return y;
	case 'M': return m;
	case 'd': return d;
	case 'H': return (int)(t / 3600000);
	case 'm': return (int)(t / 60000 % 60);
	case 's': return (int)(t / 1000 % 60);
	default: return -1;
	}
}

FN(format_time)
{
	struct str f = is_na(a[1]) ? STR("yyyy-MM-dd'T'HH:mm:ssZ") : vm_str(vm, a[1]);
	char buf[256];
	size_t w = 0, i = 0;
	int64_t t, day, off;
	int y, m, d;

	(void)n;
	if (isnan(a[0]) || !in_range(a[0])) {
		*ret = vm_str_new(vm, "NaN", 3);
		return 0;
	}
	off = zone_ms(vm, a[2], (int64_t)a[0]);
	t = (int64_t)a[0] + off;
	day = floor_div(t, DAY_MS);
	time_to_civil(day, &y, &m, &d);
	t -= day * DAY_MS;
	while (i < f.n && w + 16 < sizeof(buf)) {
		size_t run = 1;
		int v;
		char c = f.p[i];

		while (i + run < f.n && f.p[i + run] == c)
			run++;
		v = letter_value(c, t, y, m, d);
		if (v >= 0)
			w += (size_t)snprintf(buf + w, sizeof(buf) - w, "%0*d",
					      run > 4 ? 4 : (int)run,
					      c == 'y' && run == 2 ? v % 100 : v);
		else if (c == 'Z')
			w += (size_t)snprintf(buf + w, sizeof(buf) - w, "%c%02d%02d",
					      off < 0 ? '-' : '+', (int)(llabs(off) / 3600000),
					      (int)(llabs(off) / 60000 % 60));
		else if (c != '\'')
			for (size_t k = 0; k < run && w + 1 < sizeof(buf); k++)
				buf[w++] = c;
		i += run;
	}
	*ret = vm_str_new(vm, buf, w < sizeof(buf) ? w : sizeof(buf) - 1);
	return 0;
}

/* --- Timeframes ---------------------------------------------------------- */

int64_t tf_text_ms(struct str tf)
{
	uint64_t k = 1;
	char unit = 'm';

	if (tf.n == 0)
		return -1;
	if (tf.p[tf.n - 1] < '0' || tf.p[tf.n - 1] > '9') {
		unit = tf.p[tf.n - 1];
		tf.n--;
	}
	if (tf.n > 0 && (!str_u64(tf, &k) || k == 0 || k > 100000))
		return -1;
	switch (unit) {
	case 'm': return (int64_t)k * 60000;
	case 'S': return (int64_t)k * 1000;
	case 'D': return (int64_t)k * DAY_MS;
	case 'W': return (int64_t)k * 7 * DAY_MS;
	case 'M': return 0;
	default: return -1;
	}
}

/* Number of the period of timeframe `tf` (ms, 0 = month) that holds t. */
int64_t period_of(int64_t t, int64_t tf, int64_t months)
{
	int y, m, d;

	if (tf == 0) {
		time_to_civil(floor_div(t, DAY_MS), &y, &m, &d);
		return floor_div((int64_t)y * 12 + m - 1, months > 0 ? months : 1);
	}
	if (tf % (7 * DAY_MS) == 0)		/* weeks begin on Monday */
		return floor_div(t + 3 * DAY_MS, tf);
	if (tf < DAY_MS && DAY_MS % tf != 0) {	/* they begin anew each day */
		int64_t day = floor_div(t, DAY_MS);

		return day * ((DAY_MS + tf - 1) / tf) + (t - day * DAY_MS) / tf;
	}
	return floor_div(t, tf);
}

int64_t period_start(int64_t k, int64_t tf)
{
	if (tf == 0)
		return time_from_civil((int)floor_div(k, 12),
				       (int)(k - floor_div(k, 12) * 12) + 1, 1) * DAY_MS;
	if (tf < DAY_MS && DAY_MS % tf != 0) {
		int64_t each = (DAY_MS + tf - 1) / tf, day = floor_div(k, each);

		return day * DAY_MS + (k - day * each) * tf;
	}
	return tf % (7 * DAY_MS) == 0 ? k * tf - 3 * DAY_MS : k * tf;
}

/* What is added to UTC so that days, weeks and months of the exchange begin at
 * midnight; candles of a day or more are of the day they are stamped with. */
static int64_t day_shift(const struct script_vm *vm, int64_t from_tf, int64_t tf, int64_t t)
{
	int64_t zone = 0;

	if (!vm->local_days || from_tf == 0 || from_tf >= DAY_MS || (tf > 0 && tf < DAY_MS))
		return 0;
	(void)script_zone_offset(str_c(vm->m.timezone), t, &zone);
	return zone + vm->day_lead;
}

int64_t vm_period(const struct script_vm *vm, int64_t from_tf, int64_t t, int64_t tf,
		  int64_t months)
{
	return period_of(t + day_shift(vm, from_tf, tf, t), tf, months);
}

int64_t vm_period_start(const struct script_vm *vm, int64_t from_tf, int64_t k, int64_t tf,
			int64_t months)
{
	int64_t t = period_start(tf == 0 ? k * months : k, tf);
	int64_t near = t - day_shift(vm, from_tf, tf, t);

	return t - day_shift(vm, from_tf, tf, near);
}

/* A session that begins in the evening is that of the next day. */
void vm_find_days(struct script_vm *vm)
{
	int64_t start = 0, zone = 0;

	if (vm->m.session != NULL)
		(void)script_session_start(vm->m.session, &start);
	vm->day_lead = start == 0 ? 0 : start < DAY_MS / 2 ? -start : DAY_MS - start;
	vm->local_days = vm->day_lead != 0;
	for (int64_t t = 0; t < 366 * DAY_MS; t += 61 * DAY_MS) {
		(void)script_zone_offset(str_c(vm->m.timezone), t, &zone);
		vm->local_days |= zone != 0;
	}
}

static int64_t day_of(const struct script_vm *vm, double t)
{
	return vm_period(vm, vm->tf_ms, (int64_t)t, DAY_MS, 1);
}

FN(day_changed)
{
	(void)n;
	*ret = isnan(a[1]) || day_of(vm, a[0]) != day_of(vm, a[1]);
	return 0;
}

int64_t tf_months(struct str tf)
{
	uint64_t k = 1;

	return tf.n < 2 || !str_u64(str_n(tf.p, tf.n - 1), &k) ? 1 : (int64_t)k;
}

/* A timeframe in ms; 0 for *ret_months months. */
static int64_t tf_arg(struct script_vm *vm, double ref, int64_t *ret_months)
{
	struct str s = is_na(ref) ? STR("") : vm_str(vm, ref);
	int64_t ms = s.n == 0 ? vm->tf_ms : tf_text_ms(s);

	*ret_months = ms != 0 ? 1 : tf_months(s.n == 0 ? str_c(vm->m.timeframe) : s);

	if (ms < 0) {
		vm_fail(vm, E_INVAL, vm->call->line, "\"%.*s\" is not a timeframe",
			STR_ARG(s));
		return DAY_MS;
	}
	return ms;
}

FN(tf_change)
{
	int64_t months, tf = tf_arg(vm, a[2], &months);

	(void)n;
	*ret = isnan(a[1]) || vm_period(vm, vm->tf_ms, (int64_t)a[0], tf, months) !=
	       vm_period(vm, vm->tf_ms, (int64_t)a[1], tf, months);
	return 0;
}

FN(tf_seconds)
{
	int64_t months, tf = tf_arg(vm, a[0], &months);

	(void)n;
	*ret = tf == 0 ? 2628003.0 * (double)months : (double)tf / 1000;
	return 0;
}

FN(time_close)
{
	int64_t k;

	(void)n;
	if (vm->tf_ms > 0) {
		*ret = a[0] + (double)vm->tf_ms;
		return 0;
	}
	k = period_of((int64_t)a[0], 0, 1);
	*ret = (double)period_start(k + tf_months(str_c(vm->m.timeframe)), 0);
	return 0;
}

FN(tf_text)
{
	double s = a[0];
	char buf[40];

	(void)n;
	if (!(s >= 1 && s <= 1e9)) {
		*ret = NAN;
		return 0;
	}
	if (fmod(s, 604800) == 0)
		snprintf(buf, sizeof(buf), "%.0fW", s / 604800);
	else if (fmod(s, 86400) == 0)
		snprintf(buf, sizeof(buf), "%.0fD", s / 86400);
	else if (fmod(s, 60) == 0)
		snprintf(buf, sizeof(buf), "%.0f", s / 60);
	else
		snprintf(buf, sizeof(buf), "%.0fS", s);
	*ret = vm_str_new(vm, buf, strlen(buf));
	return 0;
}

FN(day_start)
{
	(void)n;
	*ret = (double)(day_of(vm, a[0]) * DAY_MS);
	return 0;
}

/* The next bar is of another day. */
FN(day_end)
{
	double next;

	fn_time_close(vm, &next, a, n);
	*ret = day_of(vm, a[0]) != day_of(vm, next);
	return 0;
}

FN(last_time)
{
	(void)n;
	*ret = vm->m.last_bar_time > 0 ? (double)vm->m.last_bar_time : a[0];
	return 0;
}

FN(first_time)
{
	(void)n;
	(void)a;
	*ret = (double)vm->first_time;
	return 0;
}

/* A session that goes round the clock begins a day where it begins; others lie
 * within a day. */
bool script_session_start(const char *session, int64_t *ret)
{
	uint64_t from, to;

	*ret = 0;
	if (strcmp(session, "24x7") == 0)
		return true;
	if (strlen(session) < 9 || session[4] != '-' ||
	    !str_u64(str_n(session, 4), &from) ||
	    !str_u64(str_n(session + 5, 4), &to) ||
	    from / 100 > 23 || from % 100 > 59 || to / 100 > 24 || to % 100 > 59 ||
	    (session[9] != '\0' && session[9] != ':'))
		return false;
	if (from >= to)
		*ret = (int64_t)(from / 100 * 60 + from % 100) * 60000;
	return true;
}

/* "0930-1600:23456", several separated by commas; days 1 = Sunday. */
static bool session_holds(struct str all, int64_t local)
{
	struct str part, hours;
	int64_t day = floor_div(local, DAY_MS), min = (local - day * DAY_MS) / 60000;

	while (str_split(&all, ',', &part)) {
		uint64_t from, to;
		int64_t b, e;
		char wd = (char)('0' + weekday(day));

		str_split(&part, ':', &hours);
		if (str_eqc(hours, "24x7"))
			return true;
		if (hours.n != 9 || !str_u64(str_n(hours.p, 4), &from) ||
		    !str_u64(str_n(hours.p + 5, 4), &to))
			continue;
		b = (int64_t)(from / 100 * 60 + from % 100);
		e = (int64_t)(to / 100 * 60 + to % 100);
		if (part.n > 0 && memchr(part.p, wd, part.n) == NULL)
			continue;
		if (b < e ? min >= b && min < e : min >= b || min < e)
			return true;
	}
	return false;
}

/* time(timeframe, session, zone): na outside the session. */
FN(in_session)
{
	int64_t months, tf = tf_arg(vm, a[1], &months), t, k;
	struct str s = is_na(a[2]) ? STR("") : vm_str(vm, a[2]);

	(void)n;
	*ret = NAN;
	if (isnan(a[0]) || !in_range(a[0]))
		return 0;
	t = (int64_t)a[0];
	if (s.n > 0 && !session_holds(s, t + zone_ms(vm, a[3], t)))
		return 0;
	k = vm_period(vm, vm->tf_ms, t, tf, months) + (vm->call->data == 1);
	*ret = (double)vm_period_start(vm, vm->tf_ms, k, tf, months);
	return 0;
}

/* --- The market ------------------------------------------------------------ */

FN(market_number)
{
	double mult = 0;
	const char *tf = vm->m.timeframe;

	(void)a;
	(void)n;
	for (; *tf >= '0' && *tf <= '9'; tf++)
		mult = mult * 10 + (*tf - '0');
	switch (vm->call->data) {
	case MN_MINTICK: *ret = vm->m.mintick; break;
	case MN_POINTVALUE: *ret = vm->m.pointvalue; break;
	default: *ret = mult > 0 ? mult : 1; break;
	}
	return 0;
}

/* "1D" was "D" before version 6. */
static const char *period_name(const struct script_vm *vm)
{
	const char *s = vm->m.timeframe;
	bool one = s[0] == '1' && s[1] >= 'D' && s[2] == '\0';

	return vm->p->props.version < 6 && one && s[1] != 'S' ? s + 1 : s;
}

/* "BTC/USDT" is BTCUSDT to scripts. */
static void plain_name(char *buf, size_t size, const char *exchange, const char *symbol)
{
	char *s = buf, *to = buf;

	snprintf(buf, size, "%s%s%s", exchange, exchange[0] != '\0' ? ":" : "", symbol);
	for (; *s != '\0'; s++)
		if (*s != '/')
			*to++ = *s;
	*to = '\0';
}

FN(market_text)
{
	const struct script_market *m = &vm->m;
	char buf[200];
	const char *s = "";

	(void)a;
	(void)n;
	switch (vm->call->data) {
	case MT_TICKER:
		plain_name(buf, sizeof(buf), "", m->symbol);
		s = buf;
		break;
	case MT_TICKERID:
		plain_name(buf, sizeof(buf), m->exchange, m->symbol);
		s = buf;
		break;
	case MT_ROOT: case MT_BASE: s = m->base[0] != '\0' ? m->base : m->symbol; break;
	case MT_PREFIX: s = m->exchange; break;
	case MT_QUOTE: s = m->quote; break;
	case MT_DESCRIPTION: s = m->description; break;
	case MT_TIMEZONE: s = m->timezone; break;
	case MT_TYPE: s = "crypto"; break;
	case MT_SESSION: s = m->session != NULL ? m->session : "24x7"; break;
	default: s = period_name(vm); break;
	}
	*ret = vm_str_new(vm, s, strlen(s));
	return 0;
}

FN(market_more)
{
	const char *c = vm->p->props.currency;
	double tick = vm->m.mintick, scale = 1;

	(void)a;
	(void)n;
	while (scale < 1e12 && fabs(tick * scale - floor(tick * scale + 0.5)) > 1e-9)
		scale *= 10;
	switch (vm->call->data) {
	case MM_ACCOUNT:
		if (strcmp(c, "NONE") == 0)
			c = vm->m.quote;
		*ret = vm_str_new(vm, c, strlen(c));
		break;
	case MM_VOLUME: *ret = vm_str_new(vm, "base", 4); break;
	case MM_EMPTY: *ret = vm_str_new(vm, "", 0); break;
	case MM_MINMOVE: *ret = floor(tick * scale + 0.5); break;
	case MM_PRICESCALE: *ret = scale; break;
	default: *ret = vm->m.lot; break;
	}
	return 0;
}

FN(timeframe_is)
{
	const char *tf = vm->m.timeframe, unit = tf[0] != '\0' ? tf[strlen(tf) - 1] : '0';
	bool dwm = unit == 'D' || unit == 'W' || unit == 'M';

	(void)a;
	(void)n;
	switch (vm->call->data) {
	case TI_DAILY: *ret = unit == 'D'; break;
	case TI_WEEKLY: *ret = unit == 'W'; break;
	case TI_MONTHLY: *ret = unit == 'M'; break;
	case TI_INTRADAY: *ret = !dwm; break;
	case TI_SECONDS: *ret = unit == 'S'; break;
	case TI_MINUTES: *ret = !dwm && unit != 'S'; break;
	default: *ret = dwm; break;
	}
	return 0;
}

FN(is_last)
{
	(void)n;
	*ret = vm->m.last_bar_index < 0 || a[0] >= (double)vm->m.last_bar_index;
	return 0;
}

FN(last_index)
{
	(void)n;
	*ret = vm->m.last_bar_index < 0 ? a[0] : (double)vm->m.last_bar_index;
	return 0;
}
