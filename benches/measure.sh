#!/usr/bin/env bash
# The figures of docs/figures.md, measured again. Needs whiptail, dialog, tsql (freetds-bin), valgrind and python3; what is
# not there is left out. Wall times compare only within one run of this; everything else can be compared between runs.
set -euo pipefail
cd "$(dirname "$0")/.."
have() { command -v "$1" >/dev/null 2>&1; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export OCTOPUS_SETUP_STATE_DIR="$work/state" LANG=C.UTF-8
target=${CARGO_TARGET_DIR:-target}

echo "== $(date -u +%F), $(uname -sr), $(nproc) CPUs, $(rustc --version)"
cargo build --release --locked
program="$target/release/octopus-setup"
cp "$program" "$work/octopus-setup"
echo "binary: $(stat -c %s "$program") bytes"
program="$work/octopus-setup"

form=(--form Form 20 70 5 Server 1 1 sql01 1 15 40 0 Database 2 1 Octopus 2 15 40 0 User 3 1 sa 3 15 40 0)
echo "== first frame, key, memory, idle"
programs=("Node name::$program first-node" "Getting started::$program practice --data $work/practice")
programs+=("Instance .instance::$program first-node --plain")
have whiptail && programs+=("Server::whiptail --inputbox Server 20 70 sql01")
have dialog && programs+=("User::dialog ${form[*]}")
python3 benches/termbench.py -n "${RUNS:-15}" --idle 10 "${programs[@]}"

# Instructions of a whole run: until the text is there, keys, end.
instructions() {
    local out="$work/callgrind"
    python3 benches/drive.py "$1" "$2" valgrind --tool=callgrind --callgrind-out-file="$out" "${@:3}" >/dev/null 2>&1 || true
    sed -n 's/^\(summary\|totals\): //p' "$out" | head -n 1
    rm -f "$out"
}
# The same, and what ten keys more cost, each.
both() {
    local name=$1 pattern=$2 leave=$3
    shift 3
    local few many
    few=$(instructions "$pattern" "$leave" "$@")
    many=$(instructions "$pattern" "abcdefghij$leave" "$@")
    echo "$name: first frame and end $few, each key $(((many - few) / 10))"
}
# Each frame more is half a million, and how many there are depends on when the survey's answers come.
eight() {
    local name=$1 pattern=$2
    shift 2
    echo "$name: first frame and end, eight runs $(for _ in {1..8}; do instructions "$pattern" '\x03y' "$@"; done | xargs)"
}
if have valgrind; then
    echo "== instructions"
    eight "octopus-setup, start screen" 'On this machine' "$program"
    eight "octopus-setup, first form" 'Node name' "$program" first-node
    both "octopus-setup, first form" 'Node name' '\x03y' "$program" first-node
    if have whiptail; then both whiptail 'Server' '\x1b\x1b' whiptail --inputbox Server 20 70 sql01; fi
    if have dialog; then both dialog 'User' '\x1b\x1b' dialog "${form[@]}"; fi
fi

echo "== turns, and the database screen beside tsql"
cargo bench --locked --bench turns

echo "== unattended"
python3 benches/unattended.py "$program"

echo "== frames, joins"
cargo bench --locked --bench frames
cargo bench --locked --bench joins

echo "== without the practice server"
cargo build --release --locked --no-default-features --features clipboard --target-dir "$work/lean"
echo "binary: $(stat -c %s "$work/lean/release/octopus-setup") bytes"
