"""Builds every Cython file of the rooms; adding one touches nothing here.

PRETZEL_ONLY='text/* program' builds only the kernels that match, and 'data_plane/*' those files of the data plane.
PRETZEL_DEBUG=1 turns Cython's checks on; PRETZEL_SANITIZE=address has AddressSanitizer and UBSan watch all of it, and
=fuzz also counts what code is reached.
"""

import hashlib
import importlib.util
import os
from fnmatch import fnmatch
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

PACKAGE = Path("src/pretzel")
KERNELS = PACKAGE / "kernels"
ROOMS = [KERNELS, PACKAGE / "data_plane"]
GENERATED = Path("build/generated")
DEBUG = os.environ.get("PRETZEL_DEBUG", "0") not in ("", "0")
SANITIZE = os.environ.get("PRETZEL_SANITIZE", "")
KIND = SANITIZE or ("debug" if DEBUG else "release")
APART = "" if KIND == "release" else f"-{KIND}"
ONLY = os.environ.get("PRETZEL_ONLY", "").split()
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": DEBUG,
    "wraparound": False,
    "initializedcheck": DEBUG,
    "cdivision": True,
    "binding": True,
    "embedsignature": True,
}
# No contraction and nothing of fast-math: scalar and vector paths must agree to the bit.
_WATCHED = ["-O1", "-g1", "-fno-omit-frame-pointer", "-fsanitize=address,undefined", "-fno-sanitize-recover=undefined"]
_OF_KIND = {
    "release": ["-O3", "-g0"],
    "debug": ["-O1", "-g", "-UNDEBUG"],
    "address": _WATCHED,
    "fuzz": [*_WATCHED, "-fsanitize-coverage=trace-pc"],
}
FLAGS = ["-ffp-contract=off", "-fvisibility=hidden", *_OF_KIND[KIND]]
LINKED = [flag for flag in FLAGS if flag.startswith("-fsanitize=")]


def sources() -> list[Path]:
    return sorted(source for room in ROOMS for source in room.rglob("*.pyx"))


def wanted(source: Path) -> bool:
    name = source.relative_to(PACKAGE).with_suffix("").as_posix().removeprefix("kernels/")
    return not ONLY or any(fnmatch(name, only.removesuffix(".pyx")) for only in ONLY)


def headers_of(source: Path) -> list[str]:
    """The C files that a source may include: those of its own folder, and those at the top of the kernels."""
    headers = {*source.parent.glob("*.h"), *KERNELS.glob("*.h"), *GENERATED.glob("*.h")}
    return sorted(map(str, headers))


def extension(source: Path) -> Extension:
    return Extension(
        ".".join(source.with_suffix("").relative_to("src").parts),
        [str(source)],
        include_dirs=[str(source.parent), str(KERNELS), str(GENERATED)],
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_1_7_API_VERSION")],
        extra_compile_args=FLAGS,
        extra_link_args=LINKED,
    )


def write_generated_headers() -> None:
    """Write the Unicode tables, unless those of an earlier build are still good."""
    maker, tables = KERNELS / "text/make_unicode_tables.py", GENERATED / "unicode_tables.h"
    if not maker.exists() or (tables.exists() and tables.stat().st_mtime >= maker.stat().st_mtime):
        return
    spec = importlib.util.spec_from_file_location("make_unicode_tables", maker)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tables.parent.mkdir(parents=True, exist_ok=True)
    module.write(tables)


class BuildCython(build_ext):
    def finalize_options(self) -> None:
        super().finalize_options()
        self.parallel = self.parallel or CORES

    def run(self) -> None:
        if self.extensions:
            write_generated_headers()
            self.translate()
        super().run()

    def translate(self) -> None:
        """Turn Cython into C under build/, and take the C files as sources."""
        import numpy
        from Cython import __version__ as cython
        from Cython.Build import cythonize
        from Cython.Compiler.Errors import CompileError

        build_dir = f"build/cython{APART}"
        self.forget_unless_built_with(f"{cython} {numpy.__version__} {DIRECTIVES} {FLAGS}", build_dir)
        try:
            translated = cythonize(
                self.extensions,
                build_dir=build_dir,
                compiler_directives=DIRECTIVES,
                nthreads=CORES if len(self.extensions) > 1 else 0,
            )
        except CompileError as error:
            # Cython has printed where and why; its own call stack would only hide that.
            raise SystemExit(f"{error}: not translated; PRETZEL_ONLY builds the other kernels") from None
        sources = {extension.name: extension for extension in translated}
        for built in self.extensions:
            pyx = Path(built.sources[0])
            built.depends = [*sources[built.name].depends, *headers_of(pyx)]
            built.sources = sources[built.name].sources
            built.include_dirs.append(numpy.get_include())

    def forget_unless_built_with(self, settings: str, build_dir: str) -> None:
        """Remove what other settings built: a change of directives or flags is noticed by neither tool."""
        digest = hashlib.sha256(settings.encode()).hexdigest()
        for kernel in self.extensions:
            stamp = Path(f"build/settings{APART}", kernel.name)
            if stamp.exists() and stamp.read_text() == digest:
                continue
            Path(build_dir, kernel.sources[0]).with_suffix(".c").unlink(missing_ok=True)
            Path(self.build_lib, self.get_ext_filename(kernel.name)).unlink(missing_ok=True)
            stamp.parent.mkdir(parents=True, exist_ok=True)
            stamp.write_text(digest)


if __name__ == "__main__":
    setup(
        cmdclass={"build_ext": BuildCython},
        ext_modules=[extension(source) for source in sources() if wanted(source)],
    )
