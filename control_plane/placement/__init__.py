"""Where models are kept loaded: an assignment of models to workers by what they share."""
