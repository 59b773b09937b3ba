"""Framework-free layers on the generated kernels: graphs, radial functions, convolutions."""

from .convolution import Convolution, GraphCotangents
from .graphs import Graph, Transpose, batch, complete_graph, radius_graph
from .group_convolution import AveragedConvolution, ExactDegrees, GroupConvolution, exact_degrees, matrix_kernel
from .quadrature import uniform_weights, voronoi_weights
from .radial_basis import BesselBasis, CosineEnvelope, GaussianBasis, PolynomialEnvelope
from .radial_mixing import MixingRadial
from .radial_mlp import RadialMLP
from .radial_table import CutoffWarning, RadialTable, TableErrors, ToleranceError
from .representations import representation
from .rotation_rules import RotationQuadrature, rotation_quadrature
from .sphere_rules import SphereQuadrature, sphere_quadrature
from .spherical_means import averaged_radial

__all__ = [
    "AveragedConvolution",
    "BesselBasis",
    "Convolution",
    "CosineEnvelope",
    "CutoffWarning",
    "ExactDegrees",
    "GaussianBasis",
    "Graph",
    "GraphCotangents",
    "GroupConvolution",
    "MixingRadial",
    "PolynomialEnvelope",
    "RadialMLP",
    "RadialTable",
    "RotationQuadrature",
    "SphereQuadrature",
    "TableErrors",
    "ToleranceError",
    "Transpose",
    "averaged_radial",
    "batch",
    "complete_graph",
    "exact_degrees",
    "matrix_kernel",
    "radius_graph",
    "representation",
    "rotation_quadrature",
    "sphere_quadrature",
    "uniform_weights",
    "voronoi_weights",
]
