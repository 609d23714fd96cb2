"""Read rows from files and standard input in the form that a model takes.

All commands and models share one reader: the same bytes produce the same rows, from any source.  Cells are read as
``pandas.read_csv`` reads them, because it read most training tables, except that a column is text if the model reads
text.  An ambiguous file is an error that names the option that decides.
"""
