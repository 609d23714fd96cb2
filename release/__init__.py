"""Packages of a version: what is built, checked and tagged."""
