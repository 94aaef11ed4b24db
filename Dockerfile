# The image of PinnacleMM: the engine with its dashboard, and the tools on journals, recordings and
# latency. It runs as uid 10001 and needs nothing writable but its data and log directories.
#
#   docker build -t pinnaclemm:latest .
#   docker build --build-arg PROFILE=ci -t pinnaclemm:latest .    # links faster, runs a little slower
#   docker build --target static -t pinnaclemm:static .           # one program, and nothing else

# What we depend on is a layer of its own, built again only when a manifest changes: every target of
# ours is an empty program until then.
FROM rust:1-bookworm AS empty
WORKDIR /build
COPY Cargo.toml Cargo.lock ./
RUN awk -F'"' '/^path = / {print $2} \
        /^\[\[bench\]\]/ {folder = "benches"} /^\[\[test\]\]/ {folder = "tests"} \
        /^name = / && folder {print folder "/" $2 ".rs"; folder = ""}' Cargo.toml >targets \
    && while read -r file; do mkdir -p "${file%/*}" && echo 'fn main() {}' >"$file"; done <targets \
    && touch src/lib.rs

FROM empty AS build
ARG PROFILE=release
RUN cargo build --locked --profile "$PROFILE" --bins
COPY config config
COPY visualization visualization
COPY tools tools
COPY src src
# The sources are older than the empty programs, and must not count as built.
RUN find src tools -name '*.rs' -exec touch {} + \
    && cargo build --locked --profile "$PROFILE" --bins \
    && mkdir /out \
    && for file in "target/$PROFILE"/pinnaclemm*; do \
        [ ! -x "$file" ] || strip --strip-debug -o "/out/${file##*/}" "$file"; \
    done

FROM debian:bookworm-slim AS runtime
# The versions are those of the base image's release: it has one of each at a time.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/apt /var/log/dpkg.log \
    && groupadd --gid 10001 pinnaclemm \
    && useradd --uid 10001 --gid 10001 --no-create-home --shell /usr/sbin/nologin pinnaclemm \
    && install -d -o 10001 -g 10001 /data/pinnaclemm /var/log/pinnaclemm
COPY --from=build /out/ /usr/local/bin/
ENV PINNACLE_DATA_DIR=/data/pinnaclemm PINNACLE_LOG_DIR=/var/log/pinnaclemm
USER 10001:10001
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["pinnaclemm", "health"]
ENTRYPOINT ["/usr/local/bin/pinnaclemm"]

# The engine alone, linked with musl: no shell, no curl, no tool, nothing to break into. `pinnaclemm
# health`, `doctor` and the commands take the place of curl.
FROM empty AS build-static
ARG PROFILE=release TARGET=x86_64-unknown-linux-musl
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends musl-tools \
    && rm -rf /var/lib/apt/lists/* \
    && { [ -d "$(rustc --print target-libdir --target "$TARGET")" ] || rustup target add "$TARGET"; }
RUN cargo build --locked --profile "$PROFILE" --target "$TARGET" --bin pinnaclemm
COPY config config
COPY visualization visualization
COPY tools tools
COPY src src
RUN find src tools -name '*.rs' -exec touch {} + \
    && cargo build --locked --profile "$PROFILE" --target "$TARGET" --bin pinnaclemm \
    && mkdir -p /out/usr/local/bin /out/data/pinnaclemm /out/var/log/pinnaclemm /out/tmp \
    && strip --strip-debug -o /out/usr/local/bin/pinnaclemm "target/$TARGET/$PROFILE/pinnaclemm" \
    && chown -R 10001:10001 /out/data /out/var/log/pinnaclemm

FROM scratch AS static
COPY --from=build-static /out/ /
ENV PATH=/usr/local/bin PINNACLE_DATA_DIR=/data/pinnaclemm PINNACLE_LOG_DIR=/var/log/pinnaclemm
USER 10001:10001
EXPOSE 8080 8081
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["pinnaclemm", "health"]
ENTRYPOINT ["/usr/local/bin/pinnaclemm"]

# What is made where no target is named.
FROM runtime
