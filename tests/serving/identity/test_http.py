"""The names of a certificate, as they are read over HTTP."""

from pretzel.serving.identity.http import names_of
from pretzel.serving.identity.recognition import ALTERNATIVE, COMMON


def test_names_that_are_no_text_are_left_out():
    directory = ("DirName", ((("commonName", "x"),),))
    certificate = {"subject": ((("commonName", "c"),),), "subjectAltName": (("DNS", "d"), directory)}
    assert names_of(certificate) == {COMMON: [b"c"], ALTERNATIVE: [b"d"]}
