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

"""``nova-sriov-compute``: nova-compute where Nova lives elsewhere.

``compute_driver = sriov_ext.SriovLibvirtDriver`` is imported as
``nova.virt.sriov_ext``. That needs this project's ``nova/virt/sriov_ext`` in
the folder that Nova was installed to. A distribution's Nova stands in
``/usr/lib/python3/dist-packages``, while pip installs to ``/usr/local``: start
nova-compute by this command then. It takes the same options.
"""

import pathlib

import nova_sriov_ext


def main() -> None:
    # Nova patches at import of nova.cmd, before anything else of Nova.
    from nova.cmd import compute
    make_driver_importable()
    compute.main()


def make_driver_importable() -> None:
    """Let ``nova.virt`` look for ``sriov_ext`` beside this project too."""
    import nova.virt
    ours = pathlib.Path(nova_sriov_ext.__file__).parent.parent
    folder = str(ours / 'nova' / 'virt')
    if folder not in nova.virt.__path__:
        nova.virt.__path__.append(folder)
