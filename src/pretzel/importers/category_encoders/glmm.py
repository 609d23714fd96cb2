"""Importer of GLMMEncoder, whose module needs statsmodels."""

from category_encoders.glmm import GLMMEncoder

from pretzel.importers.category_encoders.encoders import columns_of_encoder, encoded, encoder
from pretzel.importers.registry import given, imports
from pretzel.importers.sklearn.common.handing import hands_on

given(GLMMEncoder)(columns_of_encoder)
imports(GLMMEncoder)(encoder)
hands_on(GLMMEncoder)(encoded)
