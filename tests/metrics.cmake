# SPDX-License-Identifier: Apache-2.0
# Tests of metrics/. Vector files are read with cJSON, in tests only.
pkg_check_modules(ES_TEST_CJSON REQUIRED IMPORTED_TARGET libcjson)
add_library(es_vectors STATIC
  vectors.c
  vectors_core.c)
target_link_libraries(es_vectors PUBLIC es_testlib es_metrics PkgConfig::ES_TEST_CJSON PRIVATE es_warnings)

es_add_test(special es_vectors)
