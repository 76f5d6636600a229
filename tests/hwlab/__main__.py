#    Licensed under the Apache License, Version 2.0 (the "License"); you may
#    not use this file except in compliance with the License. You may obtain
#    a copy of the License at
#
#         http://www.apache.org/licenses/LICENSE-2.0
#
#    Unless required by applicable law or agreed to in writing, software
#    distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
#    WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
#    License for the specific language governing permissions and limitations
#    under the License.

"""python -m tests.hwlab: build what is missing, boot the guest, print a line
for each check. The exit status is the number of FAILs. Arguments are those of
pytest in the guest."""

import sys

from tests.hwlab import lab as lab_mod
from tests.hwlab.command import CommandError
from tests.hwlab.tree import NoArchive


def main() -> int:
    lab = lab_mod.Lab()
    try:
        with lab.alone():
            lab.build()
            return lab.run(sys.argv[1:])
    except (CommandError, NoArchive) as error:
        print(f'FAIL  {error}', flush=True)
        return 1


if __name__ == '__main__':
    sys.exit(main())
