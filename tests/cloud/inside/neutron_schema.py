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
