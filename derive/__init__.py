"""pocket_tfn.derive: exact derivation, proof and emission of equivariant kernels.

Read the files in the order of the argument:

    exact, symbols      equality on the sphere and the rotation group, decided exactly
    fischer, harmonics  real spherical harmonics, and their inner products
    coupling            Clebsch-Gordan coefficients in the real basis
    cartesian           tensors in index notation
    catalogue, slides   which kernels there are; what the slides call them
    chains              a Cartesian form for any degrees: contract, turn, multiply
    rotations, wigner, haar                             all rotations at once, their matrices, means over them
    conventions, other_harmonics                        changes of basis; harmonics as other libraries define them
    proofs/             the theorems
    program             straight-line programs
    edge_values, chain_form, matrix_form, lowering      from the catalogue to programs
    derivatives, directions, laplacians, derivative_*   programs of derivatives
    constants, printing, descriptions, convention_text, emission, latex     from programs and proofs to files
    execution, waiting, exact_lanes, polynomials        emitted code, run on symbols (theorems T11, T14)
    requests, pipeline, workers, folder, cli            the command

No file of this package computes with floating-point numbers.
"""
