# SPDX-License-Identifier: Apache-2.0
"""For the scripts that show what a specification says: lists by sentence, each with the script below tests/ that
shows it and the case as it is written there. Not a script itself."""
import os
from served import HERE, check, read


def rows_of(file):
    """(line, sentence, script, case) for each row of a list of this folder."""
    for number, row in enumerate(read(os.path.join(HERE, file)).splitlines(), 1):
        if row.strip() and not row.startswith("#"):
            cells = [cell.strip() for cell in row.split(" | ", 2)] + ["", ""]
            yield number, cells[0], cells[1], cells[2]


def shown(file, least):
    """Each sentence of FILE, LEAST of them at least, names a case that stands in its script."""
    texts, count = {}, 0
    for number, sentence, script, case in rows_of(file):
        count += 1
        if script not in texts:
            texts[script] = read(os.path.join(HERE, "..", script))
        check("%s:%d: %s" % (file, number, sentence), case and case in texts[script],
              "no case %s in %s" % (case or "named", script or "no script"))
    check(file + " has its sentences", count >= least, count)
