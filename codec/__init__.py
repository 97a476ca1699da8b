"""Seamscope's engine: everything that makes, rivals or measures a picture. No Qt anywhere below."""

__version__ = "0.1.0"
