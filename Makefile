# `make` alone lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash

##@ Demo
.PHONY: demo demo-env demo-down
demo: ## a cluster, the operator and a code review of the latest commit (or DIFF=file), watched to its end; or WORKFLOW=feature-dev, bug-fix, security-audit
	@tests/demo/demo
demo-env: ## KUBECONFIG, and kubectl and mc on your PATH: eval "$(make -s demo-env)"
	@tests/demo/env
demo-down: ## stop the demo and remove everything it made
	@tests/cluster/cluster down demo

##@ Tests
.PHONY: test test-all lint unit cluster-test cluster-test-short cluster-test-all cluster-test-kubernetes cluster-test-gate generate crds
test: lint unit cluster-test-short ## lints, unit, scenario and property tests, and the cluster tests: all with operator-managed Jobs, and a part without
	@echo "make test: all passed"
test-all: lint unit cluster-test-all ## the same with all cluster tests for each maker of Pods
	@echo "make test-all: all passed"
lint: ## formatting, clippy, and the workflows that ship
	cargo fmt --check
	cargo clippy --locked --all-targets --features browser -- -D warnings
	cargo clippy --locked --test on_cluster --features browser -- -D warnings
	cargo run --locked --quiet --bin mc -- workflow lint workflows examples
	for repository in examples/gitops/*; do cargo run --locked --quiet --bin mc -- workflow lint $$(find $$repository -name '*.yaml') || exit; done
unit: ## unit, scenario, property and architecture tests (no cluster)
	cargo test --locked
cluster-test: ## the cluster tests, operator-managed Jobs, on a cluster of their own
	@tests/on_cluster/run
cluster-test-kubernetes: ## the same with the built-in Job controller
	@tests/on_cluster/run --controller Kubernetes
cluster-test-gate: ## the same on a cluster that does not know spec.managedBy
	@tests/on_cluster/run --feature-gates JobManagedBy=false
# The part and its reason: tests/on_cluster/pod_makers.txt. It shares the first cluster; the gate needs its own.
cluster-test-short: ## the cluster tests, and with the two other makers of Pods only those that depend on it
	@tests/on_cluster/run --then-kubernetes
	@tests/on_cluster/run --feature-gates JobManagedBy=false --part
cluster-test-all: ## the whole cluster suite three times
	@tests/on_cluster/run
	@tests/on_cluster/run --controller Kubernetes
	@tests/on_cluster/run --feature-gates JobManagedBy=false
.PHONY: test-browser
test-browser: ## the dashboard's pages in Chromium, on a cluster of their own; PICTURES=DIR writes what they look like
	@tests/on_cluster/run --browser $(if $(PICTURES),--pictures "$(PICTURES)")
generate: ## write crds/, the generated docs and the chart's copies from the code
	MC_GENERATE=write cargo test --locked --quiet --test generated
	@charts/generate copies readme
crds: generate

##@ Test cluster
.PHONY: cluster-build
cluster-build: ## build the cluster's programs (about ten minutes, once)
	@tests/cluster/cluster build

##@ Chart
.PHONY: chart chart-test chart-docs
chart: ## lint, unit tests, renderings and alerts of the Helm chart (its programs are built once; promtool takes long)
	@tests/chart/check
chart-test: ## the chart on a cluster of its own: install, helm test, upgrade with a live run, uninstall, reinstall, scope
	@tests/chart/on-cluster
chart-docs: ## write the chart's README and charts/kustomize from the chart
	@charts/generate

##@ GitOps
.PHONY: test-gitops gitops-health
gitops-health: ## what Flux's kstatus and Argo CD's Lua engine make of every stage of a run (no cluster; their programs are built once)
	@tests/gitops/health
test-gitops: gitops-health ## runs in Git under the controllers of Flux and Argo CD, exactly once (ten minutes; their programs are built once, about ten more)
	@tests/gitops/on-cluster

##@ Help
.PHONY: help
help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@ / {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
