# SPDX-License-Identifier: Apache-2.0
# Tests of plugin/report/. The first two give es_report_build() a stand-in site with hand-made sheets (report_site.c).
add_library(es_report_site STATIC report_site.c)
target_link_libraries(es_report_site PUBLIC es_testlib es_plugin PRIVATE es_warnings)

es_add_test(report es_report_site es_plugin)
es_add_test(report_sequential es_report_site es_plugin m)
es_add_test(report_alarms es_report_site es_plugin m)
es_add_test(report_series es_report_site es_plugin m)
es_add_test(report_exploratory es_report_site es_plugin m)
es_add_test(alarm_events es_site_world)
es_add_test(report_fairness es_report_site es_plugin m)
es_add_test(report_adjusted es_report_site es_plugin m)
es_add_test(report_verification es_report_site es_plugin m)
es_add_test(report_weak es_report_site es_plugin m)
es_add_test(report_curves es_report_site es_plugin m)
es_add_test(report_population es_report_site es_plugin)
es_add_test(report_drift es_report_site es_plugin m)
es_add_test(report_render es_report_site es_plugin)
es_add_test(release es_plugin)
es_add_test(release_attack es_plugin m)
es_add_test(versions es_site_world m)
pkg_check_modules(ES_TEST_PNG REQUIRED IMPORTED_TARGET libpng)
es_add_test(view es_plugin)
es_add_test(html es_plugin m)
es_add_test(plot es_plugin PkgConfig::ES_TEST_PNG m)

# The whole path on real predictions, against figures of others.
es_add_test(nih es_plugin)
