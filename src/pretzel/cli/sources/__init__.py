"""Find model files: on disk, in folders, behind URLs and in MLflow's registry."""
