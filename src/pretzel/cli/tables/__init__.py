"""Rows from files and standard input, in the form that a model takes.

One reader serves every command and every model: the same bytes give the same rows, wherever they come from.  Cells are
read as ``pandas.read_csv`` reads them, which read the tables that most models were trained on, except that a column is
text where the model reads text.  A file that can be read in two ways is refused, and the error names the option that
decides.
"""
