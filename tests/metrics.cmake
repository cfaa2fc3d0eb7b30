# SPDX-License-Identifier: Apache-2.0
# Tests of metrics/. Vector files are read with cJSON, in tests only.
pkg_check_modules(ES_TEST_CJSON REQUIRED IMPORTED_TARGET libcjson)
add_library(es_vectors STATIC
  vectors.c
  vectors_kernels.c
  vectors_measure.c
  vectors_groups.c
  vectors_disclosure.c
  vectors_monitor.c
  vectors_numeric.c
  vectors_core.c
  vectors_scores.c)
target_link_libraries(es_vectors PUBLIC es_testlib es_metrics PkgConfig::ES_TEST_CJSON PRIVATE es_warnings)

es_add_test(special es_vectors)
es_add_test(confusion es_vectors)
es_add_test(ranking es_vectors)
target_sources(test_ranking PRIVATE sheets.c)
es_add_test(calibration es_vectors)
es_add_test(verdict es_vectors)
es_add_test(verification es_vectors)
es_add_test(predictions es_metrics)
es_add_test(published es_metrics)
es_add_test(sheet es_metrics)
target_sources(test_sheet PRIVATE sheets.c)
es_add_test(sweep es_metrics)
target_sources(test_sweep PRIVATE sheets.c)
es_add_test(mean_gap es_metrics)
es_add_test(measures es_metrics)
target_sources(test_measures PRIVATE sheets.c)
es_add_test(sweep_direct es_metrics)
target_sources(test_sweep_direct PRIVATE sheets.c)
es_add_test(sweep_memory es_metrics)
target_sources(test_sweep_memory PRIVATE sheets.c)
target_link_options(test_sweep_memory PRIVATE -Wl,--wrap=calloc -Wl,--wrap=realloc)

# Every reference vector, as its own program: test_vectors [DIR].
add_executable(test_vectors test_vectors.c)
target_link_libraries(test_vectors PRIVATE es_vectors es_warnings)
add_test(NAME vectors COMMAND test_vectors)
add_test(NAME vectors_edges COMMAND test_vectors ${PROJECT_SOURCE_DIR}/testdata/vectors-edges)
set_tests_properties(vectors vectors_edges PROPERTIES TIMEOUT 300)
es_add_test(exact_sum es_metrics)
es_add_test(bootstrap es_metrics)
es_add_test(overlap es_metrics)
es_add_test(disclosure es_metrics)
es_add_test(moments es_metrics)
es_add_test(histogram es_metrics)
es_add_test(sequential es_metrics)
es_add_test(monitor es_vectors)
target_sources(test_monitor PRIVATE sheets.c)
es_add_test(standardise es_metrics)
target_sources(test_standardise PRIVATE sheets.c)
target_link_options(test_standardise PRIVATE -Wl,--wrap=malloc -Wl,--wrap=calloc)
es_add_test(search es_metrics)
target_sources(test_search PRIVATE sheets.c)
es_add_test(chart es_vectors)
target_sources(test_chart PRIVATE sheets.c)
es_add_test(calendar es_metrics)
es_add_test(monitor_memory es_metrics)
target_sources(test_monitor_memory PRIVATE sheets.c)
target_link_options(test_monitor_memory PRIVATE -Wl,--wrap=malloc -Wl,--wrap=calloc -Wl,--wrap=realloc)
es_add_test(detection es_metrics)
es_add_test(label_free es_metrics)
es_add_test(agreement es_metrics)
es_add_test(bounded_mean es_metrics)
es_add_test(fairness es_metrics)
es_add_test(expected_range es_metrics m)
es_add_test(levelling es_metrics)
es_add_test(planning es_metrics)
es_add_test(representation es_metrics)
es_add_test(drift es_metrics)
es_add_test(cusum es_metrics)

# Prints how long a sweep takes; no test, since it asserts nothing.
if(ES_BENCH)
  add_executable(bench_report bench/bench_report.c bench/bench_sheet.c)
  target_include_directories(bench_report PRIVATE ${CMAKE_CURRENT_LIST_DIR}/bench)
  target_compile_definitions(bench_report PRIVATE ES_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_link_libraries(bench_report PRIVATE es_metrics es_warnings)
endif()
es_add_test(kernel_memory es_metrics)
target_link_options(test_kernel_memory PRIVATE -Wl,--wrap=calloc)

# The simulations behind the sequential verdicts; CTest runs a few runs only, to see that the command works.
add_executable(sim_verdicts bench/sim_verdicts.c bench/sim_world.c)
target_link_libraries(sim_verdicts PRIVATE es_metrics es_warnings)
add_test(NAME sim_verdicts COMMAND sim_verdicts --runs 4 --quiet)

if(ES_BENCH)
  add_executable(bench_search bench/bench_search.c)
  target_link_libraries(bench_search PRIVATE es_metrics es_warnings)
endif()
es_add_test(catalogue_pairs es_metrics)
target_sources(test_catalogue_pairs PRIVATE sheets.c)
es_add_test(coverage_gap es_metrics)
es_add_test(measure_limits es_metrics)
