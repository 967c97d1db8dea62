"""`make snapshots`: writes the texts of every view to tests/snapshots/data."""

import sys

from tests.snapshots.files import FOLDER, save, snapshots

if __name__ == "__main__":
    save(snapshots())
    sys.stdout.write(f"The snapshots are in {FOLDER}. Review their diff.\n")
