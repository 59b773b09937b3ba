"""Framework-free layers on the generated kernels: graphs, radial functions, convolutions."""
