#!/bin/sh
# Everything that needs an NVIDIA GPU, from the repository root, in an environment with numba-cuda, PyTorch and pytest:
# the cases that the simulator runs, on the hardware, then the benchmark.  Usage: everything.sh [FOLDER]
set -u
out=${1:-build/gpu}
mkdir -p "$out"
if ! python3 -c "import pocket_tfn" 2>/dev/null; then  # not installed: the folders are laid out as the package is
    mkdir -p build/package/pocket_tfn
    for part in derive layers templates generated/*.py generated/*.json generated/py.typed; do
        ln -sfn "$PWD/$part" build/package/pocket_tfn/
    done
    PYTHONPATH="$PWD/build/package:$PWD${PYTHONPATH:+:$PYTHONPATH}"
    export PYTHONPATH
fi
# A process for each file, side by side: most of their time is compilation.
for file in tests/cuda_*cases.py tests/cuda_*refusals.py; do
    NUMBA_ENABLE_CUDASIM=0 python3 -m pytest -q -p no:cacheprovider -p no:xdist -W "ignore::DeprecationWarning" --tb=short \
        "$file" >"$out/$(basename "$file" .py).txt" 2>&1 &
done
wait
tail -n 3 "$out"/cuda_*.txt
python3 -W ignore -m benchmarks.gpu --save "$out" ${ARGS:-}
