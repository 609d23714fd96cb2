"""The object cache of a worker: fetched objects as read-only files, mapped into memory.

An *object* is immutable bytes under their digest.  An object of `layout.SMALL` bytes or more is a separate *file*,
`objects/ab/<hex>`.  A smaller one is stored in a *pack*, `packs/<n>.pack`, so that 20 000 models need few files, maps
and descriptors; `packs/<n>.index` lists the content of the pack.  `catalog` is the last snapshot.

One supervisor writes, under a lock; any number of serving processes read.  Nothing is ever changed in place: files
arrive by rename, packs and their indexes only grow, and an index that must lose an entry is replaced by rename.  Space
is reserved before it is written, and written bytes are read back.  Contents are flushed once per publication; names are
not flushed, except that of the catalog: each object's digest is checked once after every start, so that an object torn
by a power failure is found, dropped and fetched again.
"""
