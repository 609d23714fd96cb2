"""Answers the control plane's gRPC calls: proto in, domain call, proto out."""
