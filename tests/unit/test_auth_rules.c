#include "config.h"

#include "test.h"

#include <string.h>

#include "auth/auth_i.h"
#include "core/arena.h"

static struct err err;

static int pw(const char *s)
{
	return auth_password_check(str_c(s), STR("anna"), &err);
}

static void the_table_of_common_words_is_sorted(void **state)
{
	(void)state;
	assert_true(auth_common_n > 900);
	for (size_t i = 1; i < auth_common_n; i++)
		if (strcmp(auth_common[i - 1], auth_common[i]) >= 0)
			fail_msg("%s before %s", auth_common[i - 1],
				 auth_common[i]);
}

static void the_length_counts_characters_and_is_bounded_in_bytes(void **state)
{
	char long_one[258];

	(void)state;
	assert_int_equal(pw("kfmvyqxeoplbtz"), -E_UNPROCESSABLE);	/* 14 */
	assert_int_equal(pw("kfmvyqxeoplbtzu"), 0);
	/* 14 characters of two bytes each are 14 */
	assert_int_equal(pw("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa9\xc3\xa8\xc3"
			    "\xaa\xc3\xa1\xc3\xa0\xc3\xb3\xc3\xb2\xc3\xba\xc3\xb9"
			    "\xc3\xad"), -E_UNPROCESSABLE);
	for (size_t i = 0; i < sizeof(long_one); i++)
		long_one[i] = (char)('a' + (i * i * 7 + i / 3) % 26);
	long_one[64] = '\0';
	assert_int_equal(pw(long_one), 0);
	long_one[64] = 'x';
	long_one[256] = '\0';
	assert_int_equal(pw(long_one), 0);
	long_one[256] = 'x';
	long_one[257] = '\0';
	assert_int_equal(pw(long_one), -E_UNPROCESSABLE);
}

static void no_composition_is_asked_for(void **state)
{
	static const char *const good[] = {
		"nine brown owls count 47 stars", "zebra umbrella kettle moss",
		"we met at the old mill in May", "tr\xc3\xa8s bizarre, cette oie",
		"\xe7\x8c\xab\xe3\x81\x8c\xe7\xaa\x93\xe8\xbe\xba\xe3\x81\xa7\xe9"
		"\x9d\x99\xe3\x81\x8b\xe3\x81\xab\xe7\x9c\xa0\xe3\x81\xa3\xe3\x81"
		"\xa6\xe3\x81\x84\xe3\x82\x8b\xe5\x8d\x88\xe5\xbe\x8c\xe3\x81\xa0",
		"                  leading spaces stay", "x7#kQ!9v@Lp2$Zr",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		if (pw(good[i]) != 0)
			fail_msg("%s: %s", good[i], err.msg);
}

static void what_everybody_chooses_is_refused(void **state)
{
	static const char *const bad[] = {
		"password1234567", "passwordpassword", "Password2024Password",
		"P@ssw0rdP@ssw0rd", "123456789012345", "1234567890123456",
		"aaaaaaaaaaaaaaa", "111111111111111111", "qwertyuiopasdfgh",
		"qwertyuiop123456", "1q2w3e4r5t6y7u8i9o0p", "1qaz2wsx3edc4rfv",
		"asdfghjklasdfghjkl", "zxcvbnmzxcvbnm123", "iloveyouforever",
		"iloveyou12345678", "letmeinletmein123", "correcthorsebatterystaple",
		"CorrectHorseBatteryStaple1", "maytheforcebewithyou",
		"administrator123", "administrator2026!", "abcdefghijklmnop",
		"abcabcabcabcabcabc", "k7xk7xk7xk7xk7xk7x", "monkeymonkeymonkey",
		"bitcoinbitcoin123", "annaannaannaanna", "anna1234567890anna",
		"trustno1trustno1", "qazwsxedcrfvtgb", "987654321987654321",
		"thisismypassword1", "welcome123welcome", "09876543210987654321",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (pw(bad[i]) != -E_UNPROCESSABLE)
			fail_msg("%s is let through", bad[i]);
}

static void what_is_not_text_is_refused(void **state)
{
	(void)state;
	assert_int_equal(pw("\xff\xfe this is not utf-8 text"), -E_UNPROCESSABLE);
	assert_int_equal(auth_password_check(str_n("kfmvyq\0xeoplbtzu", 16),
					     STR("anna"), &err), -E_UNPROCESSABLE);
}

static void names_are_plain(void **state)
{
	static const char *const bad[] = {
		"", "Anna", "1anna", "-a", "a b", "a'--", "anna\n", "\xc3\xa4nna",
		"admin' OR '1'='1", "a;DROP TABLE user", "a%", "a\"b", "a/*",
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmno",
	};
	static const char *const good[] = {
		"a", "anna", "anna.b-c_9",
		"abcdefghijklmnopqrstuvwxyzabcdefghijklmn",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(auth_name_check(str_c(bad[i]), &err),
				 -E_UNPROCESSABLE);
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(auth_name_check(str_c(good[i]), &err), 0);
}

static void random_passwords_differ_and_pass_the_rules(void **state)
{
	char a[AUTH_RANDOM_LEN + 1], b[AUTH_RANDOM_LEN + 1];

	(void)state;
	for (int i = 0; i < 200; i++) {
		auth_password_random(a);
		auth_password_random(b);
		assert_int_equal(strlen(a), AUTH_RANDOM_LEN);
		assert_string_not_equal(a, b);
		assert_int_equal(pw(a), 0);
	}
}

/* A known user's check and an unknown one's are the same work. */
static void the_decoy_has_the_parameters_of_new_hashes(void **state)
{
	struct auth a = { .ops = 3, .mem = (size_t)64 << 20 };

	(void)state;
	assert_false(pw_needs_rehash(&a, pw_decoy));
	assert_false(pw_verify(NULL, STR("anything at all")));
}

static void who_may_do_what_is_a_table(void **state)
{
	struct identity nobody = { 0 };
	struct identity who[] = {
		{ .user_id = 1, .role = USER_VIEWER, .session_id = 1, .scopes = 3 },
		{ .user_id = 2, .role = USER_TRADER, .session_id = 1, .scopes = 3 },
		{ .user_id = 3, .role = USER_ADMIN, .session_id = 1, .scopes = 3 },
		{ .user_id = 2, .role = USER_TRADER, .token_id = 1, .scopes = 1 },
		{ .user_id = 2, .role = USER_TRADER, .token_id = 1, .scopes = 2 },
		{ .user_id = 3, .role = USER_ADMIN, .token_id = 1, .scopes = 3 },
		{ .user_id = 1, .role = USER_VIEWER, .token_id = 1, .scopes = 3 },
	};
	/* read, change, admin: of one's own, of nobody's, of another's */
	static const int want[][9] = {
		{ 0, -E_DENIED, -E_DENIED,  0, -E_DENIED, -E_DENIED,
		  -E_NOTFOUND, -E_NOTFOUND, -E_NOTFOUND },
		{ 0, 0, -E_DENIED,  0, 0, -E_DENIED,
		  -E_NOTFOUND, -E_NOTFOUND, -E_NOTFOUND },
		{ 0, 0, 0,  0, 0, 0,  0, -E_NOTFOUND, -E_NOTFOUND },
		{ 0, -E_DENIED, -E_DENIED,  0, -E_DENIED, -E_DENIED,
		  -E_NOTFOUND, -E_NOTFOUND, -E_NOTFOUND },
		{ -E_DENIED, 0, -E_DENIED,  -E_DENIED, 0, -E_DENIED,
		  -E_NOTFOUND, -E_NOTFOUND, -E_NOTFOUND },
		{ 0, 0, -E_DENIED,  0, 0, -E_DENIED,
		  0, -E_NOTFOUND, -E_NOTFOUND },
		{ 0, -E_DENIED, -E_DENIED,  0, -E_DENIED, -E_DENIED,
		  -E_NOTFOUND, -E_NOTFOUND, -E_NOTFOUND },
	};
	static const enum action acts[] = { ACT_READ, ACT_CHANGE, ACT_ADMIN };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(who); i++) {
		uint64_t owners[] = { who[i].user_id, 0, 99 };

		for (size_t k = 0; k < 9; k++) {
			int rc = authz(&who[i], acts[k % 3], owners[k / 3], &err);

			if (rc != want[i][k])
				fail_msg("identity %zu, case %zu: %d", i, k, rc);
		}
	}
	for (size_t k = 0; k < 3; k++)
		assert_int_equal(authz(&nobody, acts[k], 0, &err), -E_UNAUTH);
}

static void the_csrf_token_follows_from_the_cookie_only(void **state)
{
	struct identity who = { 0 };
	char cookie[AUTH_SECRET_LEN + 1], other[AUTH_SECRET_LEN + 1];

	(void)state;
	secret_new(cookie);
	assert_true(secret_well_formed(str_c(cookie)));
	assert_false(auth_csrf_ok(&who, STR("")));
	csrf_of(who.csrf, str_c(cookie));
	csrf_of(other, str_c(cookie));
	assert_string_equal(who.csrf, other);
	assert_string_not_equal(who.csrf, cookie);
	assert_true(auth_csrf_ok(&who, str_c(other)));
	other[0] = other[0] == 'A' ? 'B' : 'A';
	assert_false(auth_csrf_ok(&who, str_c(other)));
	assert_false(auth_csrf_ok(&who, str_n(who.csrf, AUTH_SECRET_LEN - 1)));
	assert_false(auth_csrf_ok(&who, STR("")));
}

static void an_address_stands_for_its_neighbours(void **state)
{
	struct subjects a, b;

	(void)state;
	throttle_subjects(&a, STR("anna"), "2001:db8:1:2::1");
	throttle_subjects(&b, STR("berta"), "2001:db8:1:2:ffff::9");
	assert_memory_equal(a.address, b.address, SUBJECT_LEN);
	assert_memory_not_equal(a.account, b.account, SUBJECT_LEN);
	throttle_subjects(&b, STR("anna"), "2001:db8:1:3::1");
	assert_memory_not_equal(a.address, b.address, SUBJECT_LEN);
	assert_memory_equal(a.account, b.account, SUBJECT_LEN);
	throttle_subjects(&a, STR("anna"), "192.0.2.7");
	throttle_subjects(&b, STR("anna"), "::ffff:192.0.2.7");
	assert_memory_equal(a.address, b.address, SUBJECT_LEN);
	throttle_subjects(&b, STR("anna"), "192.0.2.8");
	assert_memory_not_equal(a.address, b.address, SUBJECT_LEN);
	throttle_subjects(&b, STR("anna"), NULL);
	assert_memory_equal(b.account, b.address, SUBJECT_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_of_common_words_is_sorted),
		cmocka_unit_test(the_length_counts_characters_and_is_bounded_in_bytes),
		cmocka_unit_test(no_composition_is_asked_for),
		cmocka_unit_test(what_everybody_chooses_is_refused),
		cmocka_unit_test(what_is_not_text_is_refused),
		cmocka_unit_test(names_are_plain),
		cmocka_unit_test(random_passwords_differ_and_pass_the_rules),
		cmocka_unit_test(the_decoy_has_the_parameters_of_new_hashes),
		cmocka_unit_test(who_may_do_what_is_a_table),
		cmocka_unit_test(the_csrf_token_follows_from_the_cookie_only),
		cmocka_unit_test(an_address_stands_for_its_neighbours),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
