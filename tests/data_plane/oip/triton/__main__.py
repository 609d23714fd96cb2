"""Triton's own client over its documented use; runs in an environment of its own, which has the client and not Pretzel.

    python tests/data_plane/oip/triton HOST:PORT ANSWERS.npz

Each function ``case_...`` is a case.  The results are printed as JSON: a traceback by name, empty for a success.
"""

from __future__ import annotations

import json
import sys
import traceback
from typing import Any

import extensions
import inference
import numpy as np
from support import SERVER, WANT, Client


def run(case: Any) -> str:
    try:
        with Client(SERVER["address"]) as client:
            case(client)
    except Exception:
        return traceback.format_exc()
    return ""


if __name__ == "__main__":
    SERVER["address"] = sys.argv[1]
    WANT |= dict(np.load(sys.argv[2]))
    cases = {**vars(inference), **vars(extensions)}
    print(json.dumps({name: run(case) for name, case in cases.items() if name.startswith("case_")}))
