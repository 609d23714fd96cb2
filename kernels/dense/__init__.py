"""Kernels over dense numbers: columns, scaling, missing values, norms, products, links, labels."""
