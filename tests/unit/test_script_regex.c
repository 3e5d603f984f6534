/* str.match(): what is found, in the order the ways are tried; expected places
 * are those of another implementation (Python's re). */
#include "config.h"
#include "test.h"

#include <string.h>

#include "script/regex_i.h"

static int search(const char *p, const char *t, size_t *at, size_t *n, const char **why)
{
	uint64_t steps = 1000000;

	return regex_search(str_c(p), str_c(t), &steps, at, n, why);
}

static void what_is_found(void **state)
{
	static const struct { const char *p, *t, *want; } cases[] = {
		{ "abc", "xxabcx", "abc" }, { "a.c", "abbc abc", "abc" },
		{ "^ab", "abab", "ab" }, { "ab$", "abab", "ab" }, { "^$", "", "" },
		{ "\\d+", "BTC 2024 x", "2024" }, { "\\w+", "  a_1-b", "a_1" },
		{ "\\s\\S+", "ab cd", " cd" }, { "\\D", "12a", "a" },
		{ "[a-c]+x", "aabcx", "aabcx" }, { "[^0-9]+", "12ab3", "ab" },
		{ "[]a]+", "x]a]", "]a]" }, { "[a-]+", "b-a-", "-a-" },
		{ "[\\d.]+", "v1.25", "1.25" }, { "a|bc|b", "xbc", "bc" },
		{ "(?:a|ab)(?:c|bcd)(d*)", "abcd", "abcd" },
		{ "a*", "aaab", "aaa" }, { "a*?b", "aaab", "aaab" },
		{ "<.+?>", "<a><b>", "<a>" }, { "<.+>", "<a><b>", "<a><b>" },
		{ "a{2}", "baaa", "aa" }, { "a{2,}", "abaaaa", "aaaa" },
		{ "a{0,2}b", "aaab", "aab" }, { "a{,2}", "a{,2}", "a{,2}" },
		{ "(a+)(b+)\\1", "aabbaa", "aabbaa" }, { "(\\w)\\1", "hello", "ll" },
		{ "\\bcat\\b", "concat cat", "cat" }, { "\\Bcat", "cat concat", "cat" },
		{ "foo(?=bar)", "foo foobar", "foo" }, { "foo(?!bar)", "foobar food", "foo" },
		{ "(?i)btc", "xBtC", "BtC" }, { "(?i)[a-z]+", "12AbC", "AbC" },
		{ "\\x41\\u0042", "AB", "AB" }, { "\\.\\*\\(", "a.*(", ".*(" },
		{ "\xc3\xa9+", "caf\xc3\xa9\xc3\xa9!", "\xc3\xa9\xc3\xa9" },
		{ "caf.!", "caf\xc3\xa9!", "caf\xc3\xa9!" },
		{ "[\xc3\xa0-\xc3\xbf]", "x\xc3\xa9", "\xc3\xa9" },
		{ "(a*)*b", "aab", "aab" }, { "(a|b*)*c", "abbac", "abbac" },
		{ "(?:(a)|b)*\\1c", "abac", "abac" }, { "x*", "abc", "" },
		{ "(\\d+)\\s*(?:BTC|ETH)", "buy 12 ETH", "12 ETH" },
		{ "^[A-Z]+:[A-Z0-9.]+$", "BINANCE:BTCUSDT.P", "BINANCE:BTCUSDT.P" },
	};
	static const struct { const char *p, *t; } none[] = {
		{ "abc", "ab" }, { "^b", "ab" }, { "a$", "ab" }, { "\\d", "abc" },
		{ "(a)\\1", "ab" }, { "a(?=b)", "ac" }, { "a.b", "a\nb" }, { "a+?$", "ab" },
	};
	const char *why;
	size_t at, n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		int rc = search(cases[i].p, cases[i].t, &at, &n, &why);

		if (rc != 1 || n != strlen(cases[i].want) ||
		    memcmp(cases[i].t + at, cases[i].want, n) != 0)
			fail_msg("%s in %s: %d, \"%.*s\"", cases[i].p, cases[i].t, rc,
				 rc == 1 ? (int)n : 0, cases[i].t + at);
	}
	for (size_t i = 0; i < ARRAY_LEN(none); i++)
		if (search(none[i].p, none[i].t, &at, &n, &why) != 0)
			fail_msg("%s is found in %s", none[i].p, none[i].t);
}

static void what_cannot_be_read_is_said(void **state)
{
	static const struct { const char *p, *why; } bad[] = {
		{ "(a", "a ( without its )" }, { "a)", "a ) without its (" },
		{ "[a", "a [ without its ]" }, { "*a", "a *, + or ? that follows nothing" },
		{ "a\\", "it ends with a backslash" }, { "a{3,2}", "a {m,n} that runs backwards" },
		{ "[z-a]", "a range of a class runs backwards" },
		{ "(?<n>a)", "a (? it does not know" },
		{ "\\q", "a backslash before a letter it does not know" },
		{ "\\xg1", "\\x needs two, \\u four hexadecimal digits" },
		{ "(((a{99}){99}){99}){99}", "it is too long" },
		{ "((((((((((((((((((((((((((((((((((((((((((a", "its groups are nested too deeply" },
	};
	const char *why = "";
	size_t at, n;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(search(bad[i].p, "text", &at, &n, &why), -1);
		assert_string_equal(why, bad[i].why);
	}
}

/* Exponential for who tries all ways: ends at the budget. */
static void ways_without_end_are_given_up(void **state)
{
	uint64_t steps = 200000;
	const char *why;
	size_t at, n;

	(void)state;
	assert_int_equal(regex_search(STR("(a+)+(a+)+(a+)+$"),
		STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), &steps, &at, &n, &why), -2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_found),
		cmocka_unit_test(what_cannot_be_read_is_said),
		cmocka_unit_test(ways_without_end_are_given_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
