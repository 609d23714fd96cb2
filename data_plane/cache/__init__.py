"""Keeps fetched objects as read-only files, and maps them.

An *object* is immutable bytes under their digest.  An object of `layout.SMALL` bytes or more is a *file* of its own,
`objects/ab/<hex>`.  A smaller one lies in a *pack*, `packs/<n>.pack`, so that 20 000 models need few files, maps and
descriptors; `packs/<n>.index` lists what the pack holds.  `catalog` is the last snapshot.

One supervisor writes, under a lock; any number of serving processes read.  Nothing is ever changed in place: files
come by rename, packs and their indexes only grow, and an index that must lose an entry is replaced by rename.  Space is
reserved before it is written to, and what was written is read back.  Contents are flushed once for each publication,
names are not but that of the catalog: each object's digest is checked once after every start, so that what a power cut
tore is found, dropped and fetched again.
"""
