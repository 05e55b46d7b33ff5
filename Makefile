# Two commands matter: "make image" and "make test". "make help" lists the rest.

CONFIGURATION := Release
IMAGEBUILDER  := artifacts/bin/Mantle.ImageBuilder.Cli/release/imagebuilder
RECIPE        ?= appliance/appliance.yaml
LOCK          ?= $(RECIPE:.yaml=.lock.json)
OUT           ?= out
# MIRROR=URL names a Debian mirror where this machine's apt knows none; SNAPSHOT=URL an archive of past packages; CACHE=DIR the package cache.
ARCHIVE       := $(if $(MIRROR),--mirror "$(MIRROR)") $(if $(SNAPSHOT),--snapshot "$(SNAPSHOT)") $(if $(CACHE),--cache "$(CACHE)")
DOTNET        := dotnet

# The SDK wants ICU otherwise, which a fresh machine lacks; nothing here is localised.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT := 1
export DOTNET_CLI_TELEMETRY_OPTOUT := 1
export DOTNET_NOLOGO := 1

.DEFAULT_GOAL := help
.PHONY: help image debug test tools weights demo lock guest hostile builder reproduce bench fuzz setup lockfiles clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

image: guest ## build the sample appliance into out/
	$(IMAGEBUILDER) build $(RECIPE) --lock $(LOCK) --output $(OUT) $(ARCHIVE)

debug: guest ## build the debug twin of the sample appliance into out-debug/ (docs/debug-twin.md)
	$(IMAGEBUILDER) build $(RECIPE) --debug --lock $(LOCK) --output $(OUT)-debug $(ARCHIVE)

test: setup ## set up what the tests need (as root or through sudo) and run every test, boots included
	@build/test

bench: guest tools ## time the builder against a pipeline of Debian's tools (ROUNDS=7); the table is in docs/benchmarks.md
	@build/bench/run $(RECIPE) $(LOCK) $(or $(CACHE),$(HOME)/.cache/mantle)

tools: ## publish the two executables to dist/
	@build/tools

weights: ## train the sample's language model into artifacts/weights/model.mantle (docs/weights.md)
	@cd appliance/model/text && sha256sum --check --quiet SHA256SUMS
	@$(DOTNET) build appliance/model/Mantle.Model.Trainer -c Release -v:quiet
	artifacts/bin/Mantle.Model.Trainer/release/train appliance/model/text/pride-and-prejudice.txt artifacts/weights/model.mantle

demo: guest tools weights ## from build to answer on this machine, and six attacks (needs what "make setup" installs)
	@$(DOTNET) build tests/demo/Mantle.Demo -c Release -v:quiet
	@artifacts/bin/Mantle.Demo/release/demo

lock: builder ## resolve the recipe's packages anew into the lock
	$(IMAGEBUILDER) lock $(RECIPE) --output $(LOCK) $(ARCHIVE)

guest: builder ## compile process 1, the unsealer and the service, linked with the locked toolchain
	@sysroot=$$($(IMAGEBUILDER) sysroot $(RECIPE) --lock $(LOCK) $(ARCHIVE)) && \
	for program in init unseal service; do \
	  GuestSysroot="$$sysroot" $(DOTNET) build appliance/$$program -c Release -t:Guest -v:quiet || exit; \
	done

hostile: builder ## compile the hostile service that the tests put into the service's place
	@GuestSysroot="$$($(IMAGEBUILDER) sysroot $(RECIPE) --lock $(LOCK) $(ARCHIVE))" $(DOTNET) build tests/guest/hostile -c Release -t:Guest -v:quiet

reproduce: image ## make the image again under other circumstances and compare every byte; HOST=trixie: inside a Debian trixie
	@LOCK=$(LOCK) MIRROR=$(MIRROR) build/reproduce $(if $(filter command,$(origin HOST)),$(HOST))

builder: ## compile imagebuilder
	@$(DOTNET) build tools/imagebuilder/Mantle.ImageBuilder.Cli -c $(CONFIGURATION) -v:quiet

fuzz: ## attack every reader with a million damaged inputs; SEED=N for others
	@build/fuzz $(if $(SEED),--seed $(SEED))

setup: ## install the Debian packages that the tests need
	@build/setup

lockfiles: ## write the NuGet lock files anew after a change of packages
	$(DOTNET) restore Mantle.slnx --force-evaluate

clean: ## remove what was built; the package cache stays
	rm -rf artifacts out out-debug dist
