# SPDX-License-Identifier: Apache-2.0
# Tests of dicom/.
es_add_test(error es_dicom)
es_add_test(attributes es_dicom)
es_add_test(elements es_dicom)
es_add_test(skim es_dicom Threads::Threads)
es_add_test(text es_dicom)
es_add_test(age es_dicom)
es_add_test(facts es_dicom)
es_add_test(sr es_dicom)
es_add_test(vocabulary es_dicom)

# The fuzz target: with libFuzzer where clang builds (-DES_FUZZ=ON), and always as a replay of its corpus.
set(fuzz ${CMAKE_CURRENT_LIST_DIR}/fuzz)
add_executable(replay_facts ${fuzz}/fuzz_facts.c ${fuzz}/replay.c)
target_link_libraries(replay_facts PRIVATE es_dicom es_warnings)
add_test(NAME replay_facts COMMAND replay_facts ${CMAKE_CURRENT_LIST_DIR}/../testdata/dicom ${fuzz}/corpus/facts)
set_tests_properties(replay_facts PROPERTIES TIMEOUT 300)
if(ES_FUZZ)
  add_executable(fuzz_facts ${fuzz}/fuzz_facts.c)
  target_compile_options(fuzz_facts PRIVATE -fsanitize=fuzzer)
  target_link_options(fuzz_facts PRIVATE -fsanitize=fuzzer)
  target_link_libraries(fuzz_facts PRIVATE es_dicom es_warnings)
endif()
