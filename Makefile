# Everything that is done with this repository is a target here; `make help` explains each.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules --no-print-directory

# The functions: logical id in template.yaml = folder of its package main.
FUNCTIONS := \
	ListRequests=functions/requests/list \
	GetRequest=functions/requests/get \
	CreateRequest=functions/requests/create \
	UpdateRequest=functions/requests/update \
	DeleteRequest=functions/requests/delete \
	ApproveRequest=functions/requests/approve \
	DeclineRequest=functions/requests/decline \
	RequestCallback=functions/requests/callback \
	RequestClaim=functions/requests/claim \
	Developers=functions/developers \
	Keys=functions/keys \
	Catalogue=functions/catalogue \
	Policies=functions/policies \
	Configuration=functions/configuration \
	Contract=functions/contract \
	Console=functions/console \
	Authorize=functions/authorize \
	Hello=functions/hello \
	AutoApprove=functions/autoapprove \
	Deliver=functions/deliver \
	Unknown=functions/unknown

PORT ?= 3000
FUZZTIME ?= 10s

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- run and test ---------------------------------------------------------------------------------------------------------

# STEPS are what a target may have to do, in order; infra/local/step says by them how far it is.
.PHONY: run
run: export STEPS := dynamodb venv-run build local start
run: ## serve on http://127.0.0.1:3000 (PORT=) with sample data, in the foreground; Ctrl-C ends all of it
	@infra/local/need go java python3 port=$(PORT)
	@$(MAKE) -s -j4 $(DOUBLES) quiet-build .local/bin/local
	@infra/local/step start "starting DynamoDB Local, moto and the gateway, with sample data"
	@exec .local/bin/local run -port $(PORT)

.PHONY: tick
tick: ## fire the schedule of the running desk now; it comes every minute by itself
	@[ -n "$${AWS_ENDPOINT_URL_LAMBDA:-}" ] || [ ! -f .local/env ] || . .local/env; .local/bin/local tick

.PHONY: sam
sam: export STEPS := dynamodb venv-run build venv-sam local sam start
sam: ready-for-sam ## the same through `sam local start-api`; needs a Docker engine
	@exec .local/bin/local exec -desk -clock -- .local/bin/sam -port $(PORT)

# Three packages at a time, since many of their tests wait for something; without go vet, which is a part of `make check`.
.PHONY: test
test: export STEPS := dynamodb venv-run build venv-sam local gotestsum venv-contract axe sam start
test: ready-to-test ## every test; TESTFLAGS= for go test. Where no Chromium or Docker engine can be had, all but test-browser or test-sam
	@.local/bin/local exec -desk -- bash -c '$(GOTESTSUM) -p 3 -vet=off $(TESTFLAGS) ./... && $(GOTESTSUM) -count=1 -tags after -run NothingIsLeft ./infra/canary'
	@$(MAKE) test-contract
	@if infra/browser/chromium && infra/local/need node; then $(MAKE) test-browser; \
		elif [ -n "$${CI:-}" ]; then exit 1; else echo "left out, for want of a browser: make test-browser"; fi
	@if infra/sam/engine; then $(MAKE) test-sam; \
		elif [ -n "$${CI:-}" ]; then exit 1; else echo "left out, for want of a Docker engine: make test-sam"; fi

.PHONY: test-contract
test-contract: ready-to-test ## what the contract allows and forbids, some 6,000 calls that schemathesis makes of it (a minute or two)
	@$(MAKE) -s .local/venv-contract/.fetched
	@.local/bin/local exec -desk -- infra/local/contract

.PHONY: test-browser
test-browser: ready-to-test ## the claim page, in Chromium: by mouse, by keyboard, and for everybody (axe)
	@infra/browser/chromium
	@infra/local/need node
	@$(MAKE) -s .local/axe/.fetched
	@.local/bin/local exec -desk -- $(GOTESTSUM) -count=1 -tags browser ./infra/browser

.PHONY: test-sam
test-sam: ready-for-sam .local/bin/gotestsum ## events/ and the black-box suite through SAM local; needs a Docker engine
	@$(GOTESTSUM) -count=1 -timeout 20m -tags sam ./infra/sam
	@.local/bin/local exec -desk -- .local/bin/sam -port 0 env KEYDESK_FRONT_END=sam $(GOTESTSUM) -count=1 ./infra/e2e

.PHONY: test-e2e
test-e2e: ## the black-box suite against the desk at BASE_URL= (default: that of `make run`); KEYDESK_... as in .local/env
	@[ -n "$${KEYDESK_ADMIN:-}" ] || [ ! -f .local/env ] || . .local/env; \
		KEYDESK_URL=$${BASE_URL:-$${KEYDESK_URL:?is not set: make run sets it, or give BASE_URL=}} go test -count=1 ./infra/e2e

.PHONY: race
race: ready-to-test ## the tests under Go's race detector, which needs a C compiler
	@CGO_ENABLED=1 .local/bin/local exec -desk -- $(GOTESTSUM) -race ./...

.PHONY: fuzz
fuzz: ## each fuzz test for FUZZTIME= (10s)
	@infra/local/fuzz $(FUZZTIME)

.PHONY: bench
bench: quiet-build ## how large the functions are and how fast: their start, a call, the table's stream, the check of a key, a run of the schedule
	@go test -run '^$$' -bench . ./infra/bench ./infra/gateway ./infra/stream ./functions/authorize ./functions/autoapprove

.PHONY: check
check: export STEPS := venv-sam venv-check redocly tools check
check: ## gofmt, vet, staticcheck, golangci-lint, govulncheck, cfn-lint, sam validate, checkov, redocly
	@infra/local/need go python3 node
	@$(MAKE) -s -j4 .local/venv-sam/.fetched .local/venv-check/.fetched .local/redocly/.fetched .local/bin/.tools
	@infra/local/step check "checking"
	@infra/local/check

.PHONY: ready-to-test
ready-to-test:
	@infra/local/need go java python3
	@$(MAKE) -s -j4 $(DOUBLES) quiet-build .local/venv-sam/.fetched .local/bin/local .local/bin/gotestsum
	@infra/local/step start "starting a desk and running the tests"

.PHONY: ready-for-sam
ready-for-sam:
	@infra/local/need go java python3
	@infra/sam/engine
	@infra/sam/base-image $(ARCH)
	@$(MAKE) -s -j4 $(DOUBLES) quiet-build .local/venv-sam/.fetched .local/bin/local .local/bin/sam

GOTESTSUM := .local/bin/gotestsum --format pkgname --format-hide-empty-pkg --

# --- operate --------------------------------------------------------------------------------------------------------------

.PHONY: admin
admin: ## organisations, credentials, signing secrets, notices that failed: ARGS='credential list --organisation ...', or ARGS=--help
	@go run ./infra/admin $(ARGS)

# --- build and deploy -----------------------------------------------------------------------------------------------------

# The architecture by Lambda's name: this machine's, but where `sam build` calls, which sets ARTIFACTS_DIR, the template's default.
ARCH ?= $(if $(ARTIFACTS_DIR)$(filter arm64 aarch64,$(shell uname -m)),arm64,x86_64)
GOARCH_arm64 := arm64
GOARCH_x86_64 := amd64
IDS := $(foreach f,$(FUNCTIONS),$(firstword $(subst =, ,$(f))))
folder = $(patsubst $(1)=%,%,$(filter $(1)=%,$(FUNCTIONS)))
# Two tags leave out what no function needs: the old RPC mode of Lambda's library, and HTTP/2, which AWS does not speak here and a webhook need not.
GO_BUILD = CGO_ENABLED=0 GOOS=linux GOARCH=$(or $(GOARCH_$(ARCH)),$(error ARCH is arm64 or x86_64, not "$(ARCH)")) \
	go build -trimpath -buildvcs=false -tags lambda.norpc,nethttpomithttp2 -ldflags "-s -w"

.PHONY: build
build: ## every function, to build/<LogicalID>/bootstrap; ARCH=arm64 or x86_64 (default: this machine's)
	@$(GO_BUILD) ./shared/... # what all share is compiled once, before they are linked side by side
	@$(MAKE) -j2 $(IDS:%=build-%)

.PHONY: $(IDS:%=build-%)
$(IDS:%=build-%): build-%: # one function; `sam build` calls this with ARTIFACTS_DIR set
	@$(GO_BUILD) -o $(or $(ARTIFACTS_DIR),build/$*)/bootstrap ./$(call folder,$*)

.PHONY: quiet-build
quiet-build:
	@infra/local/step build "building the functions" $(MAKE) build

.PHONY: deploy
deploy: export STEPS := venv-sam
deploy: .local/venv-sam/.fetched ## to AWS by SAM, for arm64, as samconfig.toml says; it shows what changes, and asks
	@.local/venv-sam/bin/sam build
	@.local/venv-sam/bin/sam deploy

.PHONY: clean
clean: ## remove what was built; what was fetched stays (rm -r .local for that too)
	@rm -rf build .aws-sam .local/bin .local/log .local/mail .local/failures .local/env

# --- tools, fetched once into .local and again when their pins change -----------------------------------------------------

DOUBLES := .local/dynamodb/.fetched .local/venv-run/.fetched

.local/dynamodb/.fetched: infra/local/pom.xml
	@infra/local/need java mvn
	@rm -rf $(@D)
	@infra/local/step dynamodb "fetching DynamoDB Local (51 MB, once)" \
		mvn -B -f $< dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory=$(CURDIR)/$(@D)
	@touch $@

venv-run := fetching moto, which stands in for Secrets Manager and SES (30 MB, once)
venv-sam := fetching SAM CLI and cfn-lint (70 MB, once)
venv-check := fetching checkov (60 MB, once)
venv-contract := fetching schemathesis, which tries the desk by its contract (30 MB, once)

.local/venv-%/.fetched: infra/local/requirements-%.txt
	@infra/local/need python3
	@infra/local/step venv-$* "$(venv-$*)" infra/local/venv $(@D) $<
	@touch $@

.local/redocly/.fetched: infra/openapi/package.json infra/openapi/package-lock.json
	@infra/local/need node
	@infra/local/step redocly "fetching redocly, which lints the contract (4 MB, once)" infra/local/npm $(@D) infra/openapi
	@touch $@

.local/axe/.fetched: infra/browser/package.json infra/browser/package-lock.json
	@infra/local/need node
	@infra/local/step axe "fetching axe-core, which finds what shuts people out of a page (1 MB, once)" infra/local/npm $(@D) infra/browser
	@touch $@

.local/bin/local: always
	@infra/local/step local "building the program that runs it" go build -o $@ ./infra/local

.local/bin/sam: always
	@infra/local/step sam "building the program that drives SAM" go build -o $@ ./infra/sam

.local/bin/gotestsum: infra/tools/go.mod
	@infra/local/step gotestsum "building gotestsum (once)" go -C infra/tools build -o $(CURDIR)/$@ gotest.tools/gotestsum

.local/bin/.tools: infra/tools/go.mod
	@infra/local/step tools "building golangci-lint, staticcheck, govulncheck (2 minutes, once)" \
		env GOBIN=$(CURDIR)/$(@D) go -C infra/tools install tool
	@touch $@

.PHONY: always
always:
