#!/bin/bash
# A move to shared storage against what people do instead: cp -r and a checksum pass over both sides, and rsync where it is there.
#
#   [RUNS=3] [PARTS='small large disk'] benches/migrate.sh PROGRAM [FOLDER]
#
# PROGRAM is a release build; FOLDER is on the disk that is measured (a folder below the working one when nothing is said). Wants
# hyperfine. Caches are dropped before each run where this account may; what is copied with cp is synced, and is dropped from memory
# before it is read again where "cold" is said, since ours is on the disk when it says so.
set -euo pipefail
program=$(realpath "$1")
folder=$(mkdir -p "${2:-migrate-bench-data}" && realpath "${2:-migrate-bench-data}")
runs=${RUNS:-3}
parts=${PARTS:-small large disk}
trap 'rm -rf "$folder"' EXIT
trap 'exit 1' TERM INT

drop=true
if [ -w /proc/sys/vm/drop_caches ]; then drop='sync; echo 3 > /proc/sys/vm/drop_caches'; fi

small() {
    python3 - "$folder/small/TaskLogs" <<'P'
import os, random, sys
r = random.Random(7)
for d in range(200):
    at = f"{sys.argv[1]}/d{d}"
    os.makedirs(at)
    for f in range(100):
        with open(f"{at}/f{f}.txt", "wb") as out:
            out.write(r.randbytes(r.randint(1024, 8192)))
P
}

large() {
    mkdir -p "$folder/large/Artifacts"
    for n in 1 2 3 4 5; do head -c $((256 << 20)) /dev/urandom > "$folder/large/Artifacts/$n"; done
}

clean="rm -rf $folder/to $folder/state; mkdir $folder/to; $drop"
hash='xargs -0 sha256sum'
measure() { # what, source
    local from=$folder/$2 cp="cp -r $folder/$2/. $folder/to/"
    local sums="(cd $from && find . -type f -print0 | sort -z | $hash) > $folder/a; (cd $folder/to && find . -type f -print0 | sort -z | $hash) > $folder/b; cmp $folder/a $folder/b"
    echo "== $1"
    local extra=()
    if command -v rsync > /dev/null; then
        extra=("rsync -a $from/ $folder/to/; sync -f $folder/to; rsync -anc --itemize-changes $from/ $folder/to/")
    fi
    hyperfine --style basic --warmup 0 --runs "$runs" --prepare "$clean" --export-json "$folder/$2.json" \
        -n 'octopus-setup migrate' "OCTOPUS_SETUP_STATE_DIR=$folder/state $program migrate --from $from --to $folder/to --yes" \
        -n 'cp -r, sums, warm' "$cp; $sums" \
        -n 'cp -r, sync, sums, warm' "$cp; sync -f $folder/to; $sums" \
        -n 'cp -r, sync, drop, sums' "$cp; sync -f $folder/to; $drop; $sums" \
        -n 'cp -r, sync' "$cp; sync -f $folder/to" \
        "${extra[@]}"
}

case $parts in *small*)
    small
    measure '20,000 files of 1 to 8 KiB' small ;;
esac
case $parts in *large*)
    large
    measure '5 files of 256 MiB' large ;;
esac
case $parts in *disk*)
    echo '== the disk: 1,280 MiB written, then read, by dd, past the caches'
    dd if=/dev/zero of="$folder/raw" bs=1M count=1280 oflag=direct conv=fsync 2>&1 | tail -1
    dd if="$folder/raw" of=/dev/null bs=1M iflag=direct 2>&1 | tail -1 ;;
esac
