# SPDX-License-Identifier: Apache-2.0
# Tests of plugin/ (report/ and orthanc/ keep lists of their own).
es_add_test(pseudonym es_plugin)
