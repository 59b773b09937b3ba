"""pocket_tfn.derive: exact derivation, proof and emission of equivariant kernels.

Read the files in the order of the argument:

    exact, symbols      equality on the sphere and the rotation group, decided exactly
    harmonics           real spherical harmonics
    coupling            Clebsch-Gordan coefficients in the real basis
    cartesian           tensors in index notation
    catalogue, slides   which kernels there are; what the slides call them
    rotations           all rotations at once
    proofs/             the theorems
    program             straight-line programs
    chains              a Cartesian form for any degrees: contract, turn, multiply
    edge_values, chain_form, matrix_form, lowering      from the catalogue to programs
    constants, printing, emission, latex                from programs and proofs to files
    execution           emitted code, run on symbols (theorem T11)
    pipeline, folder, cli                               the command

No file of this package computes with floating-point numbers.
"""
