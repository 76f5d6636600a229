"""``ovsdb_connection``: one remote or several, separated by commas.

Several are the members of a cluster (ovsdb(7), clustered service model): each
of them may be its leader, who alone is written to.
"""

from os_vif_vflag.ovs import ovs_errors

SSL = 'ssl:'
_METHODS = ('tcp:', SSL, 'unix:')


def split(connection):
    """Split it as ``ovs-vsctl --db`` does.

    :param connection: str
    :returns: tuple of str, in a form that python-ovs takes
    :raises ovs_errors.OvsdbRemoteInvalid: names the member that is none
    """
    members = []
    for part in connection.split(','):
        # A comma in the name of a file (ovs/db/idl.py, _parse_remotes).
        if members and part and ':' not in part:
            members[-1] += f',{part}'
        else:
            members.append(part.strip())
    for member in members:
        if not member.startswith(_METHODS):
            raise ovs_errors.OvsdbRemoteInvalid(
                remote=member, connection=connection)
    return tuple(members)
