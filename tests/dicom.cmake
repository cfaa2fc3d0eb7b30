# SPDX-License-Identifier: Apache-2.0
# Tests of dicom/.
es_add_test(attributes es_dicom)
es_add_test(elements es_dicom)
es_add_test(skim es_dicom Threads::Threads)
es_add_test(text es_dicom)
es_add_test(age es_dicom)
es_add_test(facts es_dicom)
es_add_test(vocabulary es_dicom)
es_add_test(sr es_dicom)
es_add_test(error es_dicom)
