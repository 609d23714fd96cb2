"""`pretzel top`: the load and the latency of models, from the metrics of workers."""
