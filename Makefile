# Balcão. `make run` opens a whole desk on emulated cards; `make test` proves it.
# Each target first installs what it needs (make setup), and says what it does.

SHELL     := /bin/bash
BUILD     := build
# x11: the desk needs window positions and a second monitor, which Wayland does not give (README).
# no_animations: a blinking caret costs a tenth of a core under software rendering.
TAGS      := x11,no_animations,migrated_fynedo
# What -version prints, where git can tell.
COMMIT    := $(shell git describe --always --dirty 2>/dev/null)
# -trimpath: the programs, and the tests too, so that nothing is compiled twice.
export GOFLAGS := -buildvcs=false -trimpath -tags=$(TAGS)
export CGO_ENABLED := 1

# The real CAs, master lists and specimens that tests verify against live beside the checkout.
SHARED    := $(abspath $(or $(BALCAO_SHARED),../shared))
ifneq ($(wildcard $(SHARED)/data),)
export BALCAO_SHARED := $(SHARED)
TEST_TAGS := -tags=$(TAGS),shared
endif

BUILD_PACKAGES := gcc binutils libc6-dev pkg-config libpcsclite-dev libgl1-mesa-dev libx11-dev libxcursor-dev libxrandr-dev \
	libxinerama-dev libxi-dev libxxf86vm-dev libwayland-dev libxkbcommon-dev
RUN_PACKAGES   := pcscd vsmartcard-vpcd postgresql libgl1-mesa-dri libopenjp2-tools fonts-noto-core fonts-noto-cjk poppler-utils cups-client util-linux
TEST_PACKAGES  := opensc pgbackrest prometheus patroni etcd-server etcd-client python3-etcd python3-idna curl yubico-piv-tool openssl xvfb openbox xdotool x11-utils pcsc-tools procps mrtdreader iproute2 \
	cups qpdf zbar-tools vsmartcard-vpicc python3-pycryptodome python3-pil libeac-dev libssl-dev debootstrap lintian man-db systemd chromium apache2 libapache2-mod-auth-openidc $(if $(shell command -v npm),,nodejs npm)
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: help setup build run test bench scale chaos failover lint clean

help:
	@echo 'make run    a desk with emulated cards: clerk, citizen, test bench (ONE_READER=1: staff cards have no reader of their own)'
	@echo 'make test   every test, end to end included (real pcscd, PostgreSQL, SMTP, SMPP, Xvfb)'
	@echo 'make bench  figures: card reading beside OpenSC and mrtdreader, start-up beside an empty window, the centre'
	@echo 'make chaos  a desk at which everything fails at random: SEEDS=10000, SEEDS=17-17 for one of them again'
	@echo 'make scale  what becomes slower as people grow, and their size on disk (SIZES=10000,1000000)'
	@echo 'make failover  servers fall while 10,000 people enrol: what it costs, and that nobody is lost (FAULTS=…, SEED=…; more than an hour on two cores)'
	@echo 'make build  all programs into $(BUILD)/bin'
	@echo 'make deb    Debian packages of a desk, a centre, the login service and the bench into $(BUILD)/deb (make deb-test installs them in a chroot)'
	@echo 'make lint   gofmt and golangci-lint (with go vet)'
	@echo 'make windows  kiosk.exe and kioskctl.exe into $(BUILD)/windows; windows-try starts them under Wine'
	@echo 'make setup  install Debian packages that are missing (the others do it by themselves)'

setup:
	@missing=; for p in $(BUILD_PACKAGES) $(RUN_PACKAGES) $(TEST_PACKAGES); do \
	  dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || missing="$$missing $$p"; done; \
	if [ -n "$$missing" ]; then \
	  echo "setup: installing with apt:$$missing"; \
	  $(SUDO) apt-get update -qq && \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=900 install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi
	@command -v go >/dev/null || { echo 'setup: Go 1.26 is needed (https://go.dev/dl)'; exit 1; }

build: setup
	@mkdir -p $(BUILD)/bin
	@echo 'build: the first build of the window toolkit takes some minutes, later ones seconds'
	go build -ldflags '-X balcao/cmd/internal/version.commit=$(COMMIT)' -o $(BUILD)/bin/ ./cmd/...

run: build
	@[ -z "$(SUDO)" ] || [ -S /run/pcscd/pcscd.comm ] || { echo 'run: starting pcscd needs root'; $(SUDO) -v; }
	$(BUILD)/bin/demo $(if $(ONE_READER),--one-reader)

test: build
ifeq ($(TEST_TAGS),)
	@echo 'test: $(SHARED)/data is not there: tests against the real CAs and specimens are left out.'
	@echo 'test: put the folder beside the checkout or set BALCAO_SHARED to run them.'
endif
	go vet $(TEST_TAGS) ./cmd/e2e
	go test $(TEST_TAGS) -c -o $(BUILD)/e2e.test ./cmd/e2e
	set -o pipefail; export BALCAO_BIN=$(abspath $(BUILD)/bin) BALCAO_SCREENS=$(abspath $(BUILD)/screens); \
	{ go test -json -vet=all $(TEST_TAGS) -timeout 20m $$(go list ./... | grep -v /cmd/e2e) && \
	  cd cmd/e2e && $(if $(SUDO),,./apart) $(abspath $(BUILD))/e2e.test -test.v=test2json -test.timeout 15m | \
	  go tool test2json -t -p balcao/cmd/e2e; } | go run .ci/slowest.go

bench: build
	$(BUILD)/bin/bench

chaos: setup
	go test -count=1 -timeout 0 -v ./kiosk/kiosktest/chaos -chaos.seeds $(or $(SEEDS),10000) -chaos.row 1000

.PHONY: deb deb-test

# Same commit, same bytes (assets/deploy/deb/build).
deb: build
	assets/deploy/deb/build $(BUILD)/bin $(BUILD)/deb

# The packages installed by assets/doc/installing.md, word for word, in an empty Debian; upgraded, removed, purged.
deb-test: build
	BALCAO_BIN=$(abspath $(BUILD)/bin) go test -count=1 -timeout 30m -v ./assets/deploy/deb -long

SIZES := 10000,1000000
scale: build
	$(BUILD)/bin/bench --scale $(SIZES) --json $(BUILD)/scale.json

failover: build
	BALCAO_BIN=$(abspath $(BUILD)/bin) go test ./kiosk/kiosktest/failover -v -count=1 -timeout 2h -failover.desks 12 -failover.enrolments $(or $(ENROLMENTS),10000) \
	  -failover.faults $(or $(FAULTS),all) -failover.seed $(or $(SEED),0)

# golangci-lint runs go vet too; what it is to find, and why not more, is in .golangci.yml.
lint: setup
	@badly=$$(gofmt -l $$(git ls-files --deduplicate -co --exclude-standard '*.go')); \
	test -z "$$badly" || { echo "lint: gofmt would change:"; echo "$$badly"; exit 1; }
	@echo 'lint: golangci-lint is compiled the first time, which takes some minutes'
	go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run ./...

clean:
	rm -rf $(BUILD)

# A desk for Windows (assets/doc/windows.md). The icon and the manifest are beside the programs' sources while they are built.
.PHONY: windows windows-try
WINDOWS := $(BUILD)/windows
MINGW   := x86_64-w64-mingw32
WINDOWS_GO = env GOOS=windows GOARCH=amd64 CGO_ENABLED=1 CC=$(MINGW)-gcc CXX=$(MINGW)-g++ \
	GOFLAGS='-buildvcs=false -trimpath -tags=$(TAGS:x11,%=%)' go

windows:
	@command -v $(MINGW)-gcc $(MINGW)-windres >/dev/null || { echo 'windows: installing mingw-w64'; \
	  $(SUDO) apt-get update -qq && $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=900 install -y -qq \
	    --no-install-recommends gcc-mingw-w64-x86-64 >/dev/null; }
	@mkdir -p $(WINDOWS)
	@echo 'windows: the first build of the window toolkit takes some minutes, later ones half a minute'
	@trap 'rm -f cmd/kiosk/icon_windows_amd64.syso cmd/kioskctl/icon_windows_amd64.syso' EXIT; set -ex; \
	cd assets/deploy/windows && $(MINGW)-windres -O coff balcao.rc $(CURDIR)/cmd/kiosk/icon_windows_amd64.syso && cd $(CURDIR); \
	cp cmd/kiosk/icon_windows_amd64.syso cmd/kioskctl/; \
	$(WINDOWS_GO) build -ldflags '-s -w -H windowsgui -X balcao/cmd/internal/version.commit=$(COMMIT)' -o $(WINDOWS)/kiosk.exe ./cmd/kiosk; \
	$(WINDOWS_GO) build -ldflags '-s -w -X balcao/cmd/internal/version.commit=$(COMMIT)' -o $(WINDOWS)/kioskctl.exe ./cmd/kioskctl

windows-try: build windows
	@[ -x /usr/lib/wine/wine64 ] || { echo 'windows-try: installing Wine'; \
	  $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=900 install -y -qq --no-install-recommends wine64 >/dev/null; }
	$(SUDO) .ci/wine/try $(BUILD)/bin $(WINDOWS)
