# SPDX-License-Identifier: Apache-2.0
# Tests of plugin/ (report/ and orthanc/ keep lists of their own).
es_add_test(pseudonym es_plugin)
es_add_test(mask es_plugin es_dicom es_metrics m)
es_add_test(recognise_seg es_plugin es_dicom m)

# The ledger's tests change the file behind its back.
pkg_check_modules(ES_TEST_SQLITE REQUIRED IMPORTED_TARGET sqlite3)
es_add_test(index es_plugin)
es_add_test(ledger es_plugin PkgConfig::ES_TEST_SQLITE)
es_add_test(config es_plugin)
es_add_test(event es_plugin)
es_add_test(event_findings es_plugin)
es_add_test(jsonl es_plugin)
es_add_test(json_path es_plugin)
es_add_test(report_text es_plugin)
es_add_test(intake_csv es_plugin)
es_add_test(intake_json es_plugin)
es_add_test(intake_hl7 es_plugin)
es_add_test(intake_fhir es_plugin)
es_add_test(recognise es_plugin)

# A small site that several tests share.
add_library(es_site_world STATIC site_world.c)
target_link_libraries(es_site_world PUBLIC es_testlib es_plugin PRIVATE es_warnings)
es_add_test(site es_site_world)
es_add_test(history es_site_world)
es_add_test(site_masks es_site_world es_dicom m)
es_add_test(names es_site_world)
es_add_test(answers es_site_world)

# Lines and bodies: the corpus replayed, and a libFuzzer target with -DES_FUZZ=ON.
set(fuzz ${CMAKE_CURRENT_LIST_DIR}/fuzz)
add_executable(replay_event ${fuzz}/fuzz_event.c ${fuzz}/replay.c)
target_link_libraries(replay_event PRIVATE es_plugin es_warnings)
add_test(NAME replay_event COMMAND replay_event ${fuzz}/corpus/event)
set_tests_properties(replay_event PROPERTIES TIMEOUT 300)
if(ES_FUZZ)
  add_executable(fuzz_event ${fuzz}/fuzz_event.c)
  target_compile_options(fuzz_event PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz_event PRIVATE -fsanitize=fuzzer)
  target_link_libraries(fuzz_event PRIVATE es_plugin es_warnings)
endif()
es_add_test(order es_site_world)
target_sources(test_order PRIVATE order_units.c)
set_tests_properties(order PROPERTIES TIMEOUT 900) # 2,000 ledgers, each reported

if(ES_BENCH)
  add_executable(bench_ingest bench/bench_ingest.c)
  target_link_libraries(bench_ingest PRIVATE es_plugin es_warnings)
endif()
es_add_test(bundle es_plugin)
es_add_test(units es_plugin)
es_add_test(cohort es_plugin)

# The shared ledger, on a PostgreSQL server that the test starts and stops.
add_executable(test_shared test_shared.c)
target_link_libraries(test_shared PRIVATE es_site_world es_warnings)
add_test(NAME shared COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/postgresql/run.sh $<TARGET_FILE:test_shared>)
set_tests_properties(shared PROPERTIES TIMEOUT 300 SKIP_RETURN_CODE 77)
