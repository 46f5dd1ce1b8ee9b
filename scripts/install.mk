# SPDX-License-Identifier: GPL-2.0-only
# Installation: `make install` for the programs, `make dkms-install` for the module.

PREFIX ?= /usr
DESTDIR ?=
SYSCONFDIR ?= /etc
UNITDIR ?= /lib/systemd/system
SYSUSERSDIR ?= /usr/lib/sysusers.d
DKMS_SRC = $(DESTDIR)/usr/src/tiphares-$(VERSION)

.PHONY: install install-module-source dkms-install

install: daemon ctl
	install -D -m 755 $(BUILD)/tipharesd $(DESTDIR)$(PREFIX)/sbin/tipharesd
	install -D -m 755 $(BUILD)/tipharesctl $(DESTDIR)$(PREFIX)/sbin/tipharesctl
	install -D -m 644 systemd/tiphares.service $(DESTDIR)$(UNITDIR)/tiphares.service
	install -D -m 644 systemd/tiphares.sysusers $(DESTDIR)$(SYSUSERSDIR)/tiphares.conf
	install -D -m 644 uapi/linux/tiphares.h $(DESTDIR)$(PREFIX)/include/linux/tiphares.h
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 man/tipharesd.8 man/tipharesctl.8
	install -d $(DESTDIR)$(SYSCONFDIR)/tiphares
	test -e $(DESTDIR)$(SYSCONFDIR)/tiphares/tiphares.yaml || \
		install -m 644 examples/minimal.yaml $(DESTDIR)$(SYSCONFDIR)/tiphares/tiphares.yaml

install-module-source:
	install -d $(DKMS_SRC)
	cp -r Kbuild version.h kmod uapi scripts $(DKMS_SRC)/
	sed 's/@VERSION@/$(VERSION)/' dkms.conf >$(DKMS_SRC)/dkms.conf

# Builds for the running kernel and, at every kernel upgrade, for the new one.
dkms-install: install-module-source
	@scripts/kernel-range.sh $(KVER)
	dkms add -m tiphares -v $(VERSION) || dkms status -m tiphares -v $(VERSION)
	dkms build -m tiphares -v $(VERSION) -k $(KVER)
	dkms install -m tiphares -v $(VERSION) -k $(KVER)
