# SPDX-License-Identifier: Apache-2.0
"""What the callbacks of a test's webapp heard (modules/heard.h), for the scripts that compare it."""
from served import becomes, check


class Heard:
    def __init__(self, server, path):
        self.server = server
        self.path = path

    def happened(self):
        """Since the last time."""
        return self.server.get(self.path + "?clear=1").text.split("\n")[:-1]

    def hears(self, name, want):
        """WANT happens; the end of an answer may be seen before its listeners have returned."""
        seen = []
        return check(name, becomes(lambda: seen.extend(self.happened()) or len(seen) >= len(want)) and seen == want,
                     "%r, not %r" % (seen, want))
