# SPDX-License-Identifier: Apache-2.0
# Tests of the worker, and of the plugin inside a real Orthanc: each script starts its own, on free loopback ports.
es_add_test(worker es_plugin PkgConfig::ES_TEST_SQLITE)
target_sources(test_worker PRIVATE worker_host.c)
es_add_test(worker_again es_plugin)
target_sources(test_worker_again PRIVATE worker_host.c)
es_add_test(worker_notice es_plugin)
target_sources(test_worker_notice PRIVATE worker_host.c)
es_add_test(worker_release es_site_world PkgConfig::ES_TEST_SQLITE m)
target_sources(test_worker_release PRIVATE worker_host.c)
es_add_test(core es_plugin)
es_add_test(storing es_plugin)
target_sources(test_core PRIVATE worker_host.c ${PROJECT_SOURCE_DIR}/plugin/api.c)
set_tests_properties(worker worker_again worker_notice worker_release PROPERTIES LABELS threads)
add_executable(test_threads test_threads.c worker_host.c)
target_link_libraries(test_threads PRIVATE es_testlib es_plugin es_warnings)
add_test(NAME threads COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/postgresql/run.sh $<TARGET_FILE:test_threads>)
set_tests_properties(threads PROPERTIES LABELS threads TIMEOUT 300 SKIP_RETURN_CODE 77)

if(NOT ES_SANITIZE)
  foreach(name smoke degraded configuration stop kill same masks fetch forms mixed refused bytes ledger shared kills http attacks catchup canary)
    add_test(NAME orthanc_${name} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/orthanc/${name}.sh)
    set_tests_properties(orthanc_${name} PROPERTIES
      ENVIRONMENT ES_BUILD=${PROJECT_BINARY_DIR} LABELS host RUN_SERIAL ON TIMEOUT 300 SKIP_RETURN_CODE 77)
  endforeach()
  set_tests_properties(orthanc_mixed PROPERTIES TIMEOUT 600) # a dozen orders of all formats
endif()
