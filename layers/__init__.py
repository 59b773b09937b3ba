"""Framework-free layers on the generated kernels: graphs, radial functions, convolutions."""

from .convolution import Convolution, GraphCotangents
from .graphs import Graph, Transpose, batch, complete_graph, radius_graph
from .quadrature import uniform_weights, voronoi_weights
from .radial_basis import BesselBasis, CosineEnvelope, GaussianBasis, PolynomialEnvelope
from .radial_mixing import MixingRadial
from .radial_mlp import RadialMLP
from .radial_table import CutoffWarning, RadialTable, TableErrors, ToleranceError

__all__ = [
    "BesselBasis",
    "Convolution",
    "CosineEnvelope",
    "CutoffWarning",
    "GaussianBasis",
    "Graph",
    "GraphCotangents",
    "MixingRadial",
    "PolynomialEnvelope",
    "RadialMLP",
    "RadialTable",
    "TableErrors",
    "ToleranceError",
    "Transpose",
    "batch",
    "complete_graph",
    "radius_graph",
    "uniform_weights",
    "voronoi_weights",
]
