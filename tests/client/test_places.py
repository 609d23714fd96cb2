"""Row numbers in errors refer to the whole input, not to a piece."""

import numpy as np
import pytest

from pretzel.client import Client
from pretzel.client.row_numbers import shifted
from pretzel.errors import InputError
from tests.client.services import BIG, Worker, serving


@pytest.mark.parametrize(
    ("message", "want"),
    [
        ("Input X contains NaN: row 2, column 1.", "Input X contains NaN: row 12, column 1."),
        ("column 'row 1', row 2: refused", "column 'row 1', row 12: refused"),
        ("row 0: unknown categories ['row 3']", "row 10: unknown categories ['row 3']"),
        ("no model 'm'", "no model 'm'"),
    ],
)
def test_rows_in_messages(message: str, want: str) -> None:
    assert shifted(message, 10) == want


@pytest.mark.parametrize("row", [0, 123_456, len(BIG) - 1])
def test_row_numbers_count_over_all_pieces(row: int) -> None:
    X = BIG.copy()
    X[row, 1] = -999
    with serving(Worker(m=2)) as port, Client(f"127.0.0.1:{port}") as client:
        with pytest.raises(InputError, match=f"row {row}: refused"):
            client.predict("m", X)
        many = client.predict_many(["m"], X, errors="return")
    assert np.ndim(many["m"]) == 0 and f"row {row}: refused" in str(many["m"])
