# Everything that a developer of telegraf-station does, by `make TARGET`. It needs Go and GNU make; what else a target needs
# it says, or installs. What is downloaded or built is kept in $TELEGRAF_STATION_CACHE (else ~/.cache/telegraf-station).

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
stationctl: ## Build the operator's tool: build/stationctl
	CGO_ENABLED=0 go build -trimpath -o build/stationctl ./cmd/stationctl

.PHONY: build-all
build-all: ## Build it for every target, into build/ (three minutes each the first time)
	go run ./cmd/telegraf --target linux/amd64
	go run ./cmd/telegraf --target linux/arm64
	go run ./cmd/telegraf --target linux/arm/6
	go run ./cmd/telegraf --target linux/arm/7

.PHONY: deb
deb: ## Build the packages for armhf (every Raspberry Pi), arm64 and amd64 into build/ (three minutes each the first time)
	packaging/deb/build.sh

.PHONY: apt-repo
apt-repo: ## Make build/apt of them, a repository for a web server, signed with KEY=you@example.org of gpg's keyring
	@packaging/apt/repo.sh '$(KEY)'

.PHONY: images
images: ## Build the OCI images for every target, into build/images/ (a minute; needs buildah)
	@packaging/images/build.sh

.PHONY: demo
demo: ## Show the whole chain at work, with embedded parts; flags as ARGS='...' (ARGS=--help lists them)
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
test-real: ## Run the tests with real parts, Kafka and InfluxDB 2 (half an hour the first time)
	@scripts/test-real.sh

.PHONY: faults
faults: ## Run the fault tests in their long form, and write what they saw into test/faults/README.md (half an hour)
	@test/bed/install/packages.sh
	FAULTS=long OUTBOX_STEPS=1000000 go test -tags real -p 1 -count=1 -timeout 90m -v \
		-run '^Test(Faults|Central.*|Model|RealClocks)$$' ./internal/outbox ./plugins/outputs/kafka_site ./test/faults/...

.PHONY: dashboards
dashboards: ## Make Grafana's dashboards and alert rules in conf/grafana anew, of the code in conf/grafana/generate
	go run ./conf/grafana/generate

.PHONY: pictures
pictures: ## Draw the pictures of the dashboards' data anew, from their queries' answers (needs InfluxDB, as test-real)
	@test/bed/install/packages.sh
	REWRITE_PICTURES=1 go test -tags real -count=1 -timeout 30m -run '^TestPictures$$' ./test/grafana

.PHONY: bench
bench: ## Measure all of it beside the peers, into bench/peers/results.md and .svg (forty minutes); flags as ARGS='...', e.g. -quick
	@test/bed/install/packages.sh
	go run ./bench/peers $(ARGS)

.PHONY: bench-scale
bench-scale: ## Measure growth with 10 to 5,000 sites, into bench/scale/results.md and .svg (a quarter of an hour); flags as ARGS='...', e.g. -quick
	@test/bed/install/packages.sh
	go run ./bench/scale $(ARGS)

.PHONY: bench-flat
bench-flat: ## Measure a station over a million readings, and the outbox with up to 10 million waiting (needs 4 GB of disk)
	@test/bed/install/packages.sh
	go run ./bench/flat $(ARGS)

.PHONY: profile
profile: ## Sample our Telegraf at full speed again, for the compiler: cmd/telegraf/telegraf.pgo (a minute)
	go run ./bench/profile -pgo cmd/telegraf/telegraf.pgo

.PHONY: lint
lint: ## Check code, format, go.mod, scripts and READMEs (four minutes the first time)
	@scripts/lint.sh

.PHONY: format
format: ## Format the Go code
	@tool=$$(scripts/tool.sh golangci-lint) && "$$tool" fmt

.PHONY: fuzz
fuzz: ## Try every decoder with random input, each for FUZZTIME=10s
	@FUZZTIME='$(FUZZTIME)' scripts/fuzz.sh

.PHONY: vuln
vuln: build ## Ask Go's vulnerability database about our code and build/telegraf (needs the Internet)
	@tool=$$(scripts/tool.sh govulncheck) && "$$tool" ./... && "$$tool" -mode=binary build/telegraf

.PHONY: clean
clean: ## Delete build/ (the cache stays; deleting it costs only the time to build what is in it)
	rm -rf build
