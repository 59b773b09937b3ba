"""Our CUDA kernels beside what people would use instead, on one NVIDIA GPU: `python -m benchmarks.gpu --help`.

Apart from the benchmark of the CPU, which imports none of it: arrays stay on the device, times are those of CUDA
events, and the run is planned to fit into minutes of a lent machine.  All of it but our kernels runs on torch's CPU as
well, at sizes that a test affords (`--device cpu --quick`).
"""
