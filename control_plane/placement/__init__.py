"""Assignment of models to the workers that keep them loaded, by what the models share."""
