"""Answers prediction calls: messages in, engine call, messages out."""
