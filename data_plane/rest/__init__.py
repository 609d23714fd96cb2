"""The HTTP front of a worker: the Open Inference Protocol over JSON, MLflow's scoring, and rows as JSON records."""
