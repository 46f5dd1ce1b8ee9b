// SPDX-License-Identifier: GPL-2.0-only
/*
 * tipharesctl doctor: what on this host will break interception, with the evidence
 * and the remedy.
 *
 * It looks at the host as it is, also while no daemon runs. It changes nothing,
 * except that a probe, where it is asked for, has two namespaces of its own for as
 * long as it takes.
 */
#include "doctor.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netlink/route/link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_WARNINGS = 3, EXIT_ERRORS = 4 };

static const char *const severities[] = { "note", "warning", "error" };

static void (*const checks[])(struct doctor *d) = {
	doctor_check_daemon, doctor_check_interfaces, doctor_check_redirectors, doctor_check_input,
	doctor_check_output, doctor_check_bridges, doctor_check_tc, doctor_check_return_path,
	doctor_check_rp_filter, doctor_check_forwarding, doctor_check_policy_routing, doctor_check_nat,
	doctor_check_mtu, doctor_check_pmtu, doctor_check_icmp, doctor_check_flowtables,
	doctor_check_helpers, doctor_check_conntrack, doctor_check_sockets, doctor_check_legacy,
	doctor_check_connects,
};

void doctor_find(struct doctor *d, enum doctor_severity severity, const char *id, const char *what, const char *remedy,
		 const char *evidence, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, evidence);
	vsnprintf(text, sizeof(text), evidence, ap);
	va_end(ap);
	json_array_append_new(d->findings, json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", id, "severity",
						     severities[severity], "what", what, "evidence", text, "remedy", remedy));
}

long doctor_sysctl(const char *path, long absent)
{
	char name[128];
	long value;
	FILE *f;

	snprintf(name, sizeof(name), "/proc/sys/net/%s", path);
	f = fopen(name, "re");
	if (!f)
		return absent;
	if (fscanf(f, "%ld", &value) != 1)
		value = absent;
	fclose(f);
	return value;
}

bool doctor_intercepts(const json_t *port)
{
	const char *mode = ctl_string(port, "mode");

	return !strcmp(mode, "full") || !strcmp(mode, "inbound");
}

bool doctor_spoofs(const struct doctor *d)
{
	json_t *port;
	size_t i;

	json_array_foreach(d->ports, i, port)
		if (!strcmp(ctl_string(port, "mode"), "full") || !strcmp(ctl_string(port, "mode"), "outbound"))
			return true;
	return false;
}

bool doctor_takes_interface(const struct doctor *d, const char *name)
{
	json_t *port, *interface;
	size_t i, k;

	json_array_foreach(d->ports, i, port) {
		const json_t *list = json_object_get(json_object_get(port, "match"), "interfaces");

		if (!doctor_intercepts(port))
			continue;
		if (!json_array_size(list))
			return true;
		json_array_foreach(list, k, interface)
			if (!strcmp(json_string_value(interface), name))
				return true;
	}
	return !json_array_size(d->ports);
}

bool doctor_wants_ports(const struct doctor *d, unsigned int low, unsigned int high)
{
	json_t *port, *number;
	size_t i, k;

	json_array_foreach(d->ports, i, port) {
		json_array_foreach(json_object_get(json_object_get(port, "match"), "ports"), k, number)
			if (doctor_intercepts(port) && json_integer_value(number) >= low &&
			    json_integer_value(number) <= high)
				return true;
	}
	return !json_array_size(d->ports) && low <= 80 && high >= 80;
}

static bool has_ipv6(void)
{
	struct ifaddrs *list, *a;
	bool found = false;

	if (getifaddrs(&list))
		return false;
	for (a = list; a; a = a->ifa_next)
		if (a->ifa_addr && a->ifa_addr->sa_family == AF_INET6 && !(a->ifa_flags & IFF_LOOPBACK) &&
		    !IN6_IS_ADDR_LINKLOCAL(&((struct sockaddr_in6 *)a->ifa_addr)->sin6_addr))
			found = true;
	freeifaddrs(list);
	return found;
}

static int begin(struct doctor *d)
{
	json_t *answer;

	d->findings = json_array();
	d->sock = nl_socket_alloc();
	if (!d->sock || nl_connect(d->sock, NETLINK_ROUTE) || rtnl_link_alloc_cache(d->sock, AF_UNSPEC, &d->links)) {
		fprintf(stderr, "tipharesctl: the kernel does not say which interfaces there are\n");
		return CTL_FAILED;
	}
	d->ipv6 = has_ipv6();
	/* whether one runs is the first finding, not an error of the command */
	if (!access(d->ctl->socket, F_OK))
		d->status = ctl_request(d->ctl, "GET", "/v1/status");
	answer = d->status ? ctl_request(d->ctl, "GET", "/v1/ports") : NULL;
	d->ports = json_incref(json_object_get(answer, "ports"));
	json_decref(answer);
	d->nft = !d->status || strcmp(ctl_string(d->status, "datapath"), "kmod");
	doctor_read_ruleset(d);
	return CTL_OK;
}

static void end(struct doctor *d)
{
	json_decref(d->findings);
	json_decref(d->ports);
	json_decref(d->status);
	free(d->ruleset);
	nl_cache_free(d->links);
	nl_socket_free(d->sock);
}

static unsigned int count(const struct doctor *d, enum doctor_severity severity)
{
	unsigned int n = 0;
	json_t *f;
	size_t i;

	json_array_foreach(d->findings, i, f)
		n += !strcmp(ctl_string(f, "severity"), severities[severity]);
	return n;
}

/* The worst first. */
static void print(const struct doctor *d, const json_t *probes)
{
	json_t *f;
	size_t i;

	for (int severity = DOCTOR_ERROR; severity >= DOCTOR_NOTE; severity--) {
		json_array_foreach(d->findings, i, f) {
			if (strcmp(ctl_string(f, "severity"), severities[severity]))
				continue;
			printf("%-8s %s: %s\n", severities[severity], ctl_string(f, "id"), ctl_string(f, "what"));
			printf("         seen:   %s\n", ctl_string(f, "evidence"));
			printf("         remedy: %s\n", ctl_string(f, "remedy"));
		}
	}
	json_array_foreach(probes, i, f)
		printf("probe    port %s, IPv%lld: %s\n", ctl_string(f, "port"), ctl_number(f, "family"),
		       ctl_string(f, "result"));
	printf("%zu checks: %u errors, %u warnings, %u notes\n", sizeof(checks) / sizeof(checks[0]),
	       count(d, DOCTOR_ERROR), count(d, DOCTOR_WARNING), count(d, DOCTOR_NOTE));
}

static int examine(struct doctor *d)
{
	json_t *probes = NULL;
	int ret = CTL_OK;

	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](d);
	if (d->ctl->probe)
		probes = doctor_probe(d);
	if (count(d, DOCTOR_ERROR))
		ret = EXIT_ERRORS;
	else if (count(d, DOCTOR_WARNING))
		ret = EXIT_WARNINGS;
	if (d->ctl->json) {
		json_t *all = json_pack("{s:i, s:O, s:O*}", "checks", (int)(sizeof(checks) / sizeof(checks[0])), "findings",
					d->findings, "probes", probes);

		ctl_print_json(all);
		json_decref(all);
	} else {
		print(d, probes);
	}
	json_decref(probes);
	return ret;
}

static int run(const struct ctl *ctl, int argc, char **argv)
{
	struct doctor d = { .ctl = ctl };
	int ret;

	if (ctl_no_args(argc, argv))
		return CTL_USAGE;
	if (geteuid()) {
		fprintf(stderr, "tipharesctl: doctor has to look at rules that only root may read\n");
		return CTL_FAILED;
	}
	ret = begin(&d);
	if (!ret)
		ret = examine(&d);
	end(&d);
	return ret;
}

const struct ctl_command ctl_doctor = {
	.name = "doctor", .args = "[--probe]", .run = run,
	.help = "what on this host will break interception, and the remedy",
};
