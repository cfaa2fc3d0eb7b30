# SPDX-License-Identifier: Apache-2.0
# The program killed, and refused memory, writes and syncs. Not under sanitizers, which bring an allocator of their own.
if(NOT ES_SANITIZE)
  add_library(es_fail MODULE faults/fail.c)
  set_target_properties(es_fail PROPERTIES C_VISIBILITY_PRESET default) # its calls stand before the C library's
  target_link_libraries(es_fail PRIVATE es_warnings ${CMAKE_DL_LIBS})
  add_executable(es_every faults/every.c)
  target_link_libraries(es_every PRIVATE es_warnings)
  add_executable(run_worker faults/run_worker.c worker_host.c)
  target_include_directories(run_worker PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(run_worker PRIVATE es_testlib es_plugin es_warnings)
  add_test(NAME faults COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/faults/faults.sh)
  set_tests_properties(faults PROPERTIES
    ENVIRONMENT "EVENSIGHT=$<TARGET_FILE:evensight>;FAIL=$<TARGET_FILE:es_fail>;EVERY=$<TARGET_FILE:es_every>;RUN_WORKER=$<TARGET_FILE:run_worker>" LABELS faults TIMEOUT 600)
  add_test(NAME kill_ingest COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/faults/kill.sh)
  set_tests_properties(kill_ingest PROPERTIES
    ENVIRONMENT "EVENSIGHT=$<TARGET_FILE:evensight>;MAKE_STREAM=$<TARGET_FILE:make_stream>" LABELS faults TIMEOUT 600 SKIP_RETURN_CODE 77)
endif()
