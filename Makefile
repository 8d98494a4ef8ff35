# The tasks of a developer, as `make TARGET`. They need Go and GNU make; a target reports or installs anything else that it needs. Downloads
# and builds are stored in $TELEGRAF_STATION_CACHE (default: ~/.cache/telegraf-station).

FUZZTIME ?= 10s
RUNS ?= 30
PACKAGES ?= ./...

.PHONY: help
help: ## Show the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

.PHONY: build
build: ## Build our Telegraf for this machine: build/telegraf (three minutes the first time)
	go run ./cmd/telegraf

.PHONY: stationctl
stationctl: ## Build the operator tool: build/stationctl
	CGO_ENABLED=0 go build -trimpath -o build/stationctl ./cmd/stationctl

.PHONY: build-all
build-all: ## Build our Telegraf for all targets: build/telegraf-* (three minutes each the first time)
	go run ./cmd/telegraf --target linux/amd64
	go run ./cmd/telegraf --target linux/arm64
	go run ./cmd/telegraf --target linux/arm/6
	go run ./cmd/telegraf --target linux/arm/7

.PHONY: deb
deb: ## Build the Debian packages for armhf (every Raspberry Pi), arm64, and amd64 in build/ (three minutes each the first time)
	packaging/deb/build.sh

.PHONY: apt-repo
apt-repo: ## Create build/apt, a repository of the packages for a web server, signed with KEY=you@example.org from the gpg keyring
	@packaging/apt/repo.sh '$(KEY)'

.PHONY: images
images: ## Build the OCI images for all targets in build/images/ (a minute; needs buildah)
	@packaging/images/build.sh

.PHONY: demo
demo: ## Show the whole chain on embedded parts; flags as ARGS='...' (ARGS=--help lists them)
	go run ./cmd/demo $(ARGS)

.PHONY: test
test: ## Run all tests that need nothing but Go and a C compiler (nine minutes the first time)
	@scripts/test.sh

.PHONY: test-short
test-short: ## Run the tests without the slow ones and without the race detector: what to run while editing (a minute)
	@scripts/test.sh short

.PHONY: stress
stress: ## Find flaky tests: run each package in PACKAGES=./... RUNS=30 times next to two busy loops (hours for all of them)
	@RUNS='$(RUNS)' scripts/stress.sh $(PACKAGES)

.PHONY: test-real
test-real: ## Run the tests with real Kafka, InfluxDB 2, and Debian systems (half an hour)
	@scripts/test-real.sh

.PHONY: faults
faults: ## Run the long fault tests and update the table in test/faults/README.md (an hour and a half)
	@test/bed/install/packages.sh
	FAULTS=long OUTBOX_STEPS=1000000 go test -tags real -p 1 -count=1 -timeout 120m -v \
		-run '^Test(Faults|Central.*|Model|RealClocks|Soak)$$' ./internal/outbox ./plugins/outputs/kafka_site ./test/faults/... ./test/soak

.PHONY: dashboards
dashboards: ## Generate the Grafana dashboards and alert rules in conf/grafana
	go run ./conf/grafana/generate

.PHONY: pictures
pictures: ## Redraw the pictures of the dashboards from the results of their queries (needs InfluxDB, like test-real)
	@test/bed/install/packages.sh
	REWRITE_PICTURES=1 go test -tags real -count=1 -timeout 30m -run '^TestPictures$$' ./test/grafana

.PHONY: bench
bench: ## Compare with the peers and update bench/peers/results.md and .svg (forty minutes); flags as ARGS='...', e.g. -quick
	@test/bed/install/packages.sh
	go run ./bench/peers $(ARGS)

.PHONY: bench-scale
bench-scale: ## Measure growth with 10 to 5,000 sites and update bench/scale/results.md and .svg (15 minutes); flags as ARGS='...', e.g. -quick
	@test/bed/install/packages.sh
	go run ./bench/scale $(ARGS)

.PHONY: bench-flat
bench-flat: ## Measure a station over a million readings, and the outbox with up to 10 million pending records (needs 4 GB of disk)
	@test/bed/install/packages.sh
	go run ./bench/flat $(ARGS)

.PHONY: profile
profile: ## Sample our Telegraf at full speed for the compiler: cmd/telegraf/telegraf.pgo (a minute)
	go run ./bench/profile -pgo cmd/telegraf/telegraf.pgo

.PHONY: lint
lint: ## Check code, format, go.mod, scripts, workflows, and READMEs (four minutes the first time)
	@scripts/lint.sh

.PHONY: format
format: ## Format the Go code
	@tool=$$(scripts/tool.sh golangci-lint) && "$$tool" fmt

.PHONY: fuzz
fuzz: ## Fuzz every decoder, each for FUZZTIME=10s
	@FUZZTIME='$(FUZZTIME)' scripts/fuzz.sh

.PHONY: vuln
vuln: build ## Look up our code and build/telegraf in the Go vulnerability database (needs the Internet)
	@tool=$$(scripts/tool.sh govulncheck) && "$$tool" ./... && "$$tool" -mode=binary build/telegraf

.PHONY: clean
clean: ## Delete build/ (not the cache)
	rm -rf build
