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

"""The API refuses wrong extra specs of this project, and says why."""

from nova.tests.functional.api import client

from tests.functional.nova import base


class ExtraSpecsTest(base.SriovServersTest):

    # The first one that validates.
    microversion = '2.86'

    def set(self, **specs):
        """Give a flavor ``sriov:<name>=<value>`` specs."""
        flavor = self._create_flavor()
        return self.admin_api.post_extra_spec(flavor, {'extra_specs': {
            f'sriov:{name}': value for name, value in specs.items()}})

    def assert_refused(self, *words, **specs):
        with self.assertRaises(client.OpenStackApiException) as caught:
            self.set(**specs)
        assert caught.exception.response.status_code == 400
        for word in words:
            assert word in str(caught.exception)

    def test_right_values(self):
        for value in ('spread', 'prefer_spread', 'pack'):
            assert self.set(pf_policy=value).status == 200
        for value in ('ignore', 'weigh', 'reject'):
            self.set(lag_policy=value, ignore_reserve='yes')

    def test_wrong_values_are_named_with_the_right_ones(self):
        self.assert_refused("'scatter'", 'spread, prefer_spread, pack',
                            pf_policy='scatter')
        self.assert_refused("'Reject'", 'ignore, weigh, reject',
                            lag_policy='Reject')
        self.assert_refused("'maybe'", 'boolean', ignore_reserve='maybe')

    def test_an_unknown_name_is_refused(self):
        self.assert_refused("'sriov:pf_polcy'", pf_polcy='spread')
