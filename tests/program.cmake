# SPDX-License-Identifier: Apache-2.0
es_add_test(time es_plugin)
