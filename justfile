# Arguments reach the commands as they were typed, so an & in a URL does not begin another command
set positional-arguments

# Sweep buffer sizes, draw figures and fill docs (scenario alpha by default)
sweep *options:
    cargo sim sweep "$@"

# Make the published results of a scenario anew: 3,000 runs of each N, in plots/ (scenario alpha by default; tens of minutes)
publish scenario="alpha":
    cargo sim sweep --scenario "$1" --runs 3000

# Run every policy on the same plans, for plots/policies/ and docs/deployment.md
policies:
    cargo sim sweep --policy all --scenario backlog-flush --subscribers 6 --buffers 64,256,1024,8192 --out plots/policies
    cargo sim sweep --policy all --scenario steady-overload --subscribers 10 --buffers 16,64,256 --out plots/policies
    cargo sim sweep --policy all --scenario alpha --subscribers 100 --buffers 16,64,256 --out plots/policies
    cargo sim sweep --policy all --scenario ci-build --subscribers 100 --buffers 4,16,64 --out plots/policies
    cargo sim docs

# Measure what a second buffer behind every mailbox costs, for plots/stages/ and docs/deployment.md
stages *options:
    cargo sim stages "$@"

# Measure receipts after a restart, with the jitter of `retry:` and without, for plots/herd/ and docs/deployment.md
herd *options:
    cargo sim herd "$@"

# Compare designs of a server on the same plans, for plots/designs/ (--scenario NAME: one of them; then `cargo sim docs`)
designs *options:
    cargo run --release --package hubbub-sim --example designs -- --out plots/designs "$@"

# Find only the size of a buffer, and the risk that it leaves
size *options:
    cargo sim size "$@"

# Find how many nodes an audience needs (--viewers N), and what is lost at that load
capacity *options:
    cargo sim capacity "$@"

# Repeat an incident, or one run of a scenario: who lost what, when and why
replay *options:
    cargo sim replay "$@"

# Compare Hub, transport and reader with queueing theory (some minutes; --quick: some seconds)
verify *options:
    cargo sim verify "$@"

# Compare the same plans simulated and over real TCP (about ten minutes)
fidelity *options:
    cargo sim fidelity "$@"

# Run a scenario over real TCP: losses, latency, memory (--url and --ingest-url for a server that runs already)
load *options:
    cargo sim load "$@"

# Find what a path to a server hides: frames in proxies and sockets, leaves noticed late (--url, --ingest-url, --debug-url)
probe *options:
    cargo sim probe "$@"

# Measure what nginx, HAProxy and Caddy hide, for plots/proxies/ and docs/behind-a-proxy.md (some minutes; needs all three)
proxies:
    HUBBUB_PROXIES=required cargo test --package hubbub-sim --test it measures_what_proxies_hide -- --ignored
    cargo sim docs

# Measure what a log of NATS JetStream costs beside the embedded default (a minute; needs nats-server)
log-costs:
    HUBBUB_NATS=required cargo test --release --package hubbub --test it measures_what_a_log_costs -- --ignored --nocapture

# Record the arrivals of a live stream as a trace for sweep --trace
record *options:
    cargo sim record "$@"

# Remove everything from an incident that its verdict does not need (just shrink incident.json)
shrink *options:
    cargo sim shrink "$@"

# Run the built-in scenarios in different ways: the same seed must give the same run
determinism *options:
    cargo sim determinism "$@"

# Make a scenario from the counters of a server (--help names them)
import *options:
    cargo sim import "$@"

# Write a commented file for a new scenario
new *options:
    cargo sim new "$@"

# Explain a scenario's file, or list all its errors
check *options:
    cargo sim check "$@"

# Test every law with random cases and random faults for some minutes, until one is broken
soak *minutes:
    cargo sim soak "$@"

# Test servers on one stream in simulated time, while brokers, servers and links fail (--seeds N)
cluster *options:
    cargo sim cluster "$@"

# Test every law with many random cases, and count the rare states that they reach (a million: some hours)
campaign cases="1000000":
    cargo sim soak --seeds "$1"

# Build mutants of the Hub and of the simulated world; the soak must report each (some minutes)
mutants-by-hand:
    cargo test --package hubbub-sim --test it every_mutant_of_the -- --ignored --test-threads 1

# Run cargo-mutants on mailbox, hub, frame and summary with the unit tests (half an hour; --shard 0/4 for a part)
mutants *options:
    cargo mutants --workspace --output target "$@"

# Run the server
serve *options:
    cargo run --release --package hubbub --bin hubbub -- serve "$@"

# Run all tests
test:
    cargo test --workspace

# Check format and lints as CI does
lint:
    cargo fmt --all --check && cargo clippy --workspace --all-targets -- -D warnings

# Measure speed, memory and CPU cost on this machine, compared with nchan and a Go hub where these are installed (fanout: a part; --json FILE: all results to a new file)
bench *parts:
    cargo bench --package hubbub-sim --bench speed -- "$@"

# Run 5,000 subscribers for some seconds and check that memory does not grow and nothing is lost
endurance seconds="300":
    cargo bench --package hubbub-sim --bench speed -- endurance "$1"

# Measure what an idle stream keeps on the heap, by owner
heap:
    cargo bench --package hubbub-sim --bench heap --profile dev

# Write docs/configuration.md from the table of settings
configuration-page:
    cargo run --quiet --package hubbub --bin hubbub -- config --markdown > docs/configuration.md

# Fuzz a target (request, ingest, config, websocket, query or tokens) for some seconds; needs a nightly compiler and cargo-fuzz
fuzz target="request" seconds="60":
    mkdir -p "fuzz/corpus/$1" && cargo +nightly fuzz run "$1" "fuzz/corpus/$1" "fuzz/seeds/$1" -- "-max_total_time=$2"

# Build the API documentation, and fill the generated parts of docs/
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps && cargo sim docs

# Everything that CI does
ci:
    bash .ci/run
