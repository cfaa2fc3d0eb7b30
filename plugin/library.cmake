# SPDX-License-Identifier: Apache-2.0
# libevensight: the public C interface and nothing else; everything inside is hidden by the version script.
add_library(evensight_shared SHARED api.c)
set_target_properties(evensight_shared PROPERTIES
  OUTPUT_NAME evensight VERSION ${PROJECT_VERSION} SOVERSION 0
  LINK_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/evensight.map)
target_link_options(evensight_shared PRIVATE -Wl,--version-script=${CMAKE_CURRENT_SOURCE_DIR}/evensight.map)
target_link_libraries(evensight_shared PRIVATE es_plugin es_warnings Threads::Threads)

# Relocatable: the prefix is found from where the .pc file stands, so that `cmake --install --prefix` works.
file(RELATIVE_PATH ES_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(evensight.pc.in ${PROJECT_BINARY_DIR}/evensight.pc @ONLY)
install(TARGETS evensight_shared LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(FILES evensight.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(FILES ${PROJECT_BINARY_DIR}/evensight.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES program/example.json ledger/postgresql.sql DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY program/rules DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.json")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md ${PROJECT_SOURCE_DIR}/CHANGELOG.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
