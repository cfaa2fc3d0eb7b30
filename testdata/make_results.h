/* SPDX-License-Identifier: Apache-2.0 */
/** @file make_results.h
 * The parts of make_results: structured reports (make_reports.cpp) and the rest (make_results.cpp).
 */
#ifndef TESTDATA_MAKE_RESULTS_H
#define TESTDATA_MAKE_RESULTS_H

#include <string>

#include "make_objects.h"

/** 2.25.46811 NUMBER 000 PART: PS3.5 B.2 by form; made by no UUID, and nobody else's. Number 0 is the exam: 1 its study, 4 a series, 5 an
 * image of it; of every other object 2 is its series and 3 itself. */
std::string uid(int number, int part);
/** Who, when and by which device: the same in every object. */
void put_common(DcmItem &set, int number, conditions &check, const char *modality);
OFCondition save(DcmFileFormat &file, const std::string &path);

OFCondition make_probability(const std::string &path);
OFCondition make_mammography(const std::string &path);
OFCondition make_mammography_failed(const std::string &path);
OFCondition make_chest_none(const std::string &path);
OFCondition make_basic_text(const std::string &path);
OFCondition make_key_object(const std::string &path);

#endif
