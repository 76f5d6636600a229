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

"""Neutron's tables from its models: python -m … CONNECTION.

Its migrations do not run on sqlite: «No support for ALTER of constraints
in SQLite dialect» (neutron 29.0.0, alembic 1.20).
"""

import sys

from neutron.db.migration.models import head
import sqlalchemy


def main():
    engine = sqlalchemy.create_engine(sys.argv[1])
    head.get_metadata().create_all(engine)


if __name__ == '__main__':
    main()
