# SPDX-License-Identifier: GPL-2.0-only
# Installation: `make install` for the programs, `make dkms-install` for the module, `make deb` for packages of both.

PREFIX ?= /usr
DESTDIR ?=
SYSCONFDIR ?= /etc
UNITDIR ?= /lib/systemd/system
SYSUSERSDIR ?= /usr/lib/sysusers.d
ZSHDIR ?= $(PREFIX)/share/zsh/vendor-completions
DKMS_SRC = $(DESTDIR)/usr/src/tiphares-$(VERSION)

.PHONY: man install install-module-source dkms-install dkms-remove deb check-install

# The keys in the manual are those of the program.
man: $(BUILD)/man/tiphares.yaml.5
$(BUILD)/man/tiphares.yaml.5: man/tiphares.yaml.5.in scripts/man-keys.sh $(BUILD)/tipharesd
	@mkdir -p $(@D)
	scripts/man-keys.sh $(BUILD)/tipharesd <$< >$@.new
	mv $@.new $@

install: daemon ctl man
	install -D -m 755 $(BUILD)/tipharesd $(DESTDIR)$(PREFIX)/sbin/tipharesd
	install -D -m 755 $(BUILD)/tipharesctl $(DESTDIR)$(PREFIX)/sbin/tipharesctl
	install -D -m 644 systemd/tiphares.service $(DESTDIR)$(UNITDIR)/tiphares.service
	install -D -m 644 systemd/tiphares.sysusers $(DESTDIR)$(SYSUSERSDIR)/tiphares.conf
	install -D -m 644 systemd/tiphares.logrotate $(DESTDIR)$(SYSCONFDIR)/logrotate.d/tiphares
	install -D -m 644 uapi/linux/tiphares.h $(DESTDIR)$(PREFIX)/include/linux/tiphares.h
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man8 man/tipharesd.8 man/tipharesctl.8
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man5 $(BUILD)/man/tiphares.yaml.5
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/man/man7 man/tiphares.7
	install -D -m 644 completions/tipharesctl.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/tipharesctl
	ln -sf tipharesctl $(DESTDIR)$(PREFIX)/share/bash-completion/completions/tipharesd
	install -D -m 644 -t $(DESTDIR)$(ZSHDIR) completions/_tipharesctl
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/tiphares/examples examples/tiphares.yaml examples/minimal.yaml
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/doc/tiphares/examples/prometheus $(wildcard examples/prometheus/*)
	install -d $(DESTDIR)$(SYSCONFDIR)/tiphares
	test -e $(DESTDIR)$(SYSCONFDIR)/tiphares/tiphares.yaml || \
		install -m 644 examples/minimal.yaml $(DESTDIR)$(SYSCONFDIR)/tiphares/tiphares.yaml

install-module-source:
	rm -rf $(DKMS_SRC)
	install -d $(DKMS_SRC)
	cp -r Kbuild kmod uapi $(DKMS_SRC)/
	install -D -m 644 version.h $(DKMS_SRC)/version.h
	sed 's/#MODULE_VERSION#/$(VERSION)/' dkms.conf >$(DKMS_SRC)/dkms.conf

# For every kernel whose headers are installed, or KVER=; DKMS builds for those that come later.
dkms-install: install-module-source
	@scripts/dkms-install.sh $(VERSION) $(if $(filter command line environment,$(origin KVER)),$(KVER))

dkms-remove:
	dkms remove -m tiphares -v $(VERSION) --all
	rm -rf $(DKMS_SRC)

# Packages for Debian, into build/deb.
deb: deps-deb
	@scripts/deb.sh $(abspath $(BUILD))/deb

# Installing, tried in Debian systems of their own: by DKMS, by the README, by packages.
INSTALL_TESTS ?= dkms readme deb
check-install: deps-install
	@mkdir -p $(BUILD)/ktap
	@for t in $(INSTALL_TESTS); do tests/install/$$t.sh | tee $(BUILD)/ktap/install-$$t.log; done
	@selftests/ktap-count $(INSTALL_TESTS:%=$(BUILD)/ktap/install-%.log)
