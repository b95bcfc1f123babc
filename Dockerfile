# syntax=docker/dockerfile:1
# The operator's image: `mission-control` and `mc`, their libraries, CA certificates and nothing else. No shell.
#
#   docker build -t registry.example/mission-control:0.1.0 --build-arg VERSION=0.1.0 --build-arg REVISION="$(git rev-parse HEAD)" .
#   docker build --target programs --output type=local,dest=out .        # the two programs alone
#
# The same version as in rust-toolchain.toml; tests/image.rs compares the two. To build from another base, or from a
# base by its digest: --build-arg BASE=registry.example/rust@sha256:...
ARG RUST=1.95.0
ARG BASE=rust:${RUST}-bookworm

FROM ${BASE} AS build
WORKDIR /src
# Only the sources of the programs: a change of docs or tests rebuilds nothing. rust-toolchain.toml is left out, since
# it would make rustup fetch the formatter and the linter.
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY tests/image/root tests/image/root
# Caches are kept per platform. Their content does not survive the step, so the programs are copied out of them.
ARG TARGETPLATFORM
RUN --mount=type=cache,id=cargo-registry,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,id=target-${TARGETPLATFORM},target=/src/target,sharing=locked \
    cargo build --release --locked --bins \
    && install -D -t /out target/release/mission-control target/release/mc \
    && tests/image/root /root-of-image /out/mission-control /out/mc

FROM scratch AS programs
COPY --from=build /out/ /

FROM scratch
COPY --from=build /root-of-image/ /
# Last, so that another revision changes no layer.
ARG VERSION=unknown
ARG REVISION=unknown
ARG SOURCE=""
LABEL org.opencontainers.image.title="Mission Control" \
      org.opencontainers.image.description="A Kubernetes operator for declarative agent workflows" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# A number, and not a name: Kubernetes checks runAsNonRoot against it.
USER 65532:65532
ENTRYPOINT ["/usr/local/bin/mission-control"]
