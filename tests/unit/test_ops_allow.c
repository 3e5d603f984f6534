#include "config.h"

#include "core/base.h"
#include "ops/ops.h"
#include "test.h"

static bool in(const char *net, const char *address)
{
	return ops_address_allowed(&net, 1, address);
}

static void networks_hold_their_addresses(void **state)
{
	(void)state;
	assert_true(in("127.0.0.0/8", "127.9.9.9"));
	assert_false(in("127.0.0.0/8", "128.0.0.1"));
	assert_true(in("10.1.2.128/25", "10.1.2.200"));
	assert_false(in("10.1.2.128/25", "10.1.2.100"));
	assert_true(in("192.0.2.7", "192.0.2.7"));
	assert_false(in("192.0.2.7", "192.0.2.8"));
	assert_true(in("0.0.0.0/0", "8.8.8.8"));
	assert_false(in("0.0.0.0/0", "2001:db8::1"));
	assert_true(in("::1", "::1"));
	assert_true(in("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(in("2001:db8::/33", "2001:db8:8000::1"));
	assert_true(in("::/0", "2001:db8::1"));
	assert_true(in("127.0.0.0/8", "::ffff:127.0.0.1"));
}

static void what_is_no_network_allows_nobody(void **state)
{
	static const char *const bad[] = { "", "x", "127.0.0.1/33", "::1/129",
		"127.0.0.1/", "127.0.0.1/8/8", "127.0.0.1/-1", "300.0.0.1" };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_false(in(bad[i], "127.0.0.1"));
		assert_false(in(bad[i], "::1"));
	}
	assert_false(in("0.0.0.0/0", ""));
	assert_false(in("0.0.0.0/0", "localhost"));
	assert_false(ops_address_allowed(NULL, 0, "127.0.0.1"));
}

static void a_unix_socket_counts_as_loopback(void **state)
{
	(void)state;
	assert_true(in("127.0.0.0/8", "unix:"));
	assert_false(in("10.0.0.0/8", "unix:"));
}

static void the_first_match_of_a_list_is_enough(void **state)
{
	static const char *const nets[] = { "10.0.0.0/8", "::1" };

	(void)state;
	assert_true(ops_address_allowed(nets, 2, "::1"));
	assert_true(ops_address_allowed(nets, 2, "10.0.0.9"));
	assert_false(ops_address_allowed(nets, 2, "11.0.0.9"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(networks_hold_their_addresses),
		cmocka_unit_test(what_is_no_network_allows_nobody),
		cmocka_unit_test(a_unix_socket_counts_as_loopback),
		cmocka_unit_test(the_first_match_of_a_list_is_enough),
	};

	return cmocka_run_group_tests_name("allow list", tests, NULL, NULL);
}
