"""HTTP/1.1 of our own over llhttp: connections, requests, responses and limits, without a word of models."""
