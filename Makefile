# `make` alone lists what there is.
.DEFAULT_GOAL := help
SHELL := /bin/bash

##@ Demo
.PHONY: demo demo-env demo-down
demo: ## a cluster, the operator and a code review of the latest commit (or DIFF=file), watched to its end
	@tests/demo/demo
demo-env: ## the lines for your shell: eval "$(make -s demo-env)"
	@tests/cluster/cluster env demo
demo-down: ## stop the demo and remove everything it made
	@tests/cluster/cluster down demo

##@ Test cluster
.PHONY: cluster-build
cluster-build: ## build the cluster's programs (about ten minutes, once)
	@tests/cluster/cluster build

##@ Help
.PHONY: help
help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
