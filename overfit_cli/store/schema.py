"""The tables of a store.

runs: one row a run. `sequence` grows with every save, so the largest is the last run. `batches` is
a JSON list of names; `record` is JSON of everything small, with the digest of every part.
`checksum` covers the four columns before it, hence the parts too.

parts: what is read on demand ("curves", "predictions", "model"), each one pack of arrays.

ledger: one row, the number of runs and the exclusive or of their checksums. A row that vanishes
whole (a flipped bit in a page's count of rows is enough) shows here and nowhere else.

batches: one row, what is known of batches beyond their runs (JSON by name), with its digest. One
row for all, so that none can vanish unseen.
"""

from __future__ import annotations

APPLICATION_ID = 0x4F564654  # "OVFT", in the header of the file

RUNS = """
CREATE TABLE runs (
    sequence INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL,
    batches BLOB NOT NULL,
    record BLOB NOT NULL,
    checksum BLOB NOT NULL
)
"""

PARTS = """
CREATE TABLE parts (
    run_id TEXT NOT NULL REFERENCES runs (run_id) ON DELETE CASCADE ON UPDATE CASCADE,
    name TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (run_id, name)
)
"""

LEDGER = "CREATE TABLE ledger (runs INTEGER NOT NULL, digest BLOB NOT NULL)"

BATCHES = "CREATE TABLE batches (record BLOB NOT NULL, checksum BLOB NOT NULL)"
