"""Answers prediction calls: proto in, engine call, proto out."""
