# SPDX-License-Identifier: Apache-2.0
# Tests of plugin/ (report/ and orthanc/ keep lists of their own).
es_add_test(pseudonym es_plugin)

# The ledger's tests change the file behind its back.
pkg_check_modules(ES_TEST_SQLITE REQUIRED IMPORTED_TARGET sqlite3)
es_add_test(index es_plugin)
es_add_test(ledger es_plugin PkgConfig::ES_TEST_SQLITE)
es_add_test(config es_plugin)
es_add_test(event es_plugin)
es_add_test(jsonl es_plugin)
es_add_test(recognise es_plugin)

# A small site that several tests share.
add_library(es_site_world STATIC site_world.c)
target_link_libraries(es_site_world PUBLIC es_testlib es_plugin PRIVATE es_warnings)
es_add_test(site es_site_world)
