# Arguments reach the commands as they were typed: an & in a URL begins no other command
set positional-arguments

# The main job: sweep buffer sizes, figures and docs included (scenario alpha unless told)
sweep *options:
    cargo sim sweep "$@"

# Every policy under the same luck, as plots/policies/ and docs/deployment.md have it
policies:
    cargo sim sweep --policy all --scenario backlog-flush --subscribers 6 --buffers 64,256,1024,8192 --out plots/policies
    cargo sim sweep --policy all --scenario steady-overload --subscribers 10 --buffers 16,64,256 --out plots/policies
    cargo sim sweep --policy all --scenario alpha --subscribers 100 --buffers 16,64,256 --out plots/policies
    cargo sim sweep --policy all --scenario ci-build --subscribers 100 --buffers 4,16,64 --out plots/policies
    cargo sim docs

# What a second buffer behind every mailbox costs, as plots/stages/ and docs/deployment.md have it
stages *options:
    cargo sim stages "$@"

# Only the answer: the exact zero-drop size and its validation
size *options:
    cargo sim size "$@"

# An incident, or one run of a scenario, again: who lost what, when and why
replay *options:
    cargo sim replay "$@"

# Hub, transport and reader beside queueing theory (some minutes; --quick: some seconds)
verify *options:
    cargo sim verify "$@"

# The same plans simulated and over real TCP, side by side (some ten minutes)
fidelity *options:
    cargo sim fidelity "$@"

# A scenario over real TCP: losses, latency, memory (--url and --ingest-url for a server that runs already)
load *options:
    cargo sim load "$@"

# A live stream's arrivals as a trace for sweep --trace
record *options:
    cargo sim record "$@"

# An incident with everything taken out that it does not need (just shrink incident.json)
shrink *options:
    cargo sim shrink "$@"

# The named scenarios in every way there is: the same seed must give the same run
determinism *options:
    cargo sim determinism "$@"

# A scenario from an operator's own counters (--help names them)
import *options:
    cargo sim import "$@"

# A scenario's file to begin with
new *options:
    cargo sim new "$@"

# Whether a scenario's file can be used, and what it amounts to
check *options:
    cargo sim check "$@"

# Every law on random cases with random faults, for some minutes, until one is broken
soak *minutes:
    cargo sim soak "$@"

# Mutants of the Hub and of the world, each of which the soak must report (some minutes)
mutants-by-hand:
    cargo test --package hubbub-sim --test it every_mutant_is_reported -- --ignored

# cargo-mutants over mailbox, hub, frame and summary with the unit tests (half an hour; --shard 0/4 for a part)
mutants *options:
    cargo mutants --workspace --output target "$@"

# The server
serve *options:
    cargo run --release --package hubbub --bin hubbub -- serve "$@"

# All tests
test:
    cargo test --workspace

# Format and lints, as CI has them
lint:
    cargo fmt --all --check && cargo clippy --workspace --all-targets -- -D warnings

# Speed, memory and CPU cost on this machine, beside nchan and a Go hub where these are installed (fanout: a part)
bench *parts:
    cargo bench --package hubbub-sim --bench speed -- "$@"

# 5,000 subscribers for so many seconds: no growth, no loss
endurance seconds="300":
    cargo bench --package hubbub-sim --bench speed -- endurance "$1"

# What an idle stream keeps on the heap, and whose it is
heap:
    cargo bench --package hubbub-sim --bench heap --profile dev

# The configuration's page from the table of settings
configuration-page:
    cargo run --quiet --package hubbub --bin hubbub -- config --markdown > docs/configuration.md

# Fuzz a target (request, ingest, config or websocket) for so many seconds; needs a nightly compiler and cargo-fuzz
fuzz target="request" seconds="60":
    mkdir -p "fuzz/corpus/$1" && cargo +nightly fuzz run "$1" "fuzz/corpus/$1" "fuzz/seeds/$1" -- "-max_total_time=$2"

# The API's documentation, and the generated parts of docs/
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps && cargo sim docs

# Everything that CI does
ci:
    bash .ci/run
