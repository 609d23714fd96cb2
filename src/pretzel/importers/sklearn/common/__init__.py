"""Parts that importers of several modules of scikit-learn share."""
