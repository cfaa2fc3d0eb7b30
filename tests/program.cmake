# SPDX-License-Identifier: Apache-2.0
es_add_test(time es_plugin)

add_test(NAME cli COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/cli/run.sh)
set_tests_properties(cli PROPERTIES ENVIRONMENT "EVENSIGHT=$<TARGET_FILE:evensight>" TIMEOUT 300)
add_test(NAME intake_cli COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/cli/intake.sh)
set_tests_properties(intake_cli PROPERTIES ENVIRONMENT "EVENSIGHT=$<TARGET_FILE:evensight>" TIMEOUT 300)
add_test(NAME canary COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/cli/canary.sh)
set_tests_properties(canary PROPERTIES ENVIRONMENT "EVENSIGHT=$<TARGET_FILE:evensight>" TIMEOUT 300)
add_test(NAME canary_shared COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/postgresql/run.sh ${CMAKE_CURRENT_SOURCE_DIR}/cli/canary.sh)
set_tests_properties(canary_shared PROPERTIES ENVIRONMENT "EVENSIGHT=$<TARGET_FILE:evensight>;ES_CANARY_SHARED=1" TIMEOUT 300 SKIP_RETURN_CODE 77)
add_test(NAME results COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/cli/results.sh)
set_tests_properties(results PROPERTIES ENVIRONMENT "EVENSIGHT=$<TARGET_FILE:evensight>" TIMEOUT 300)
add_test(NAME explain COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/cli/explain.sh)
set_tests_properties(explain PROPERTIES ENVIRONMENT "EVENSIGHT=$<TARGET_FILE:evensight>" TIMEOUT 300)
add_test(NAME made_objects COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/cli/made.sh)
set_tests_properties(made_objects PROPERTIES ENVIRONMENT "MAKE_RESULTS=$<TARGET_FILE:make_results>" TIMEOUT 300)
if(NOT ES_SANITIZE) # what these show does not depend on the sanitizers
  add_test(NAME predictions_cli COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/cli/predictions.sh)
  set_tests_properties(predictions_cli PROPERTIES
    ENVIRONMENT "EVENSIGHT=$<TARGET_FILE:evensight>;MAKE_STREAM=$<TARGET_FILE:make_stream>" TIMEOUT 300)
  add_test(NAME install COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/cli/install.sh)
  set_tests_properties(install PROPERTIES ENVIRONMENT "BUILD=${PROJECT_BINARY_DIR}" TIMEOUT 300)
endif()
