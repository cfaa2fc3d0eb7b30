/* SPDX-License-Identifier: Apache-2.0 */
/** @file make_objects.h
 * What the programs that make DICOM objects for tests share. They use DCMTK by itself, not through dicom/, which only reads, so that what
 * is read is not made by the code that reads it.
 */
#ifndef TESTDATA_MAKE_OBJECTS_H
#define TESTDATA_MAKE_OBJECTS_H

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dctk.h>

/** The first condition that went wrong, so that a row of puts needs one check. */
struct conditions {
    OFCondition first;
    void operator()(const OFCondition &next) { if (first.good() && next.bad()) first = next; }
};

/** The pixel module of an image of 8 x 8 grey pixels (PS3.3 C.7.6.3). */
inline void put_pixels(DcmItem &set, const Uint8 (&pixels)[64], conditions &check)
{
    const auto put_number = [&](const DcmTagKey &tag, Uint16 value) { check(set.putAndInsertUint16(tag, value)); };
    put_number(DCM_SamplesPerPixel, 1);
    check(set.putAndInsertString(DCM_PhotometricInterpretation, "MONOCHROME2"));
    put_number(DCM_Rows, 8);
    put_number(DCM_Columns, 8);
    put_number(DCM_BitsAllocated, 8);
    put_number(DCM_BitsStored, 8);
    put_number(DCM_HighBit, 7);
    put_number(DCM_PixelRepresentation, 0);
    check(set.putAndInsertUint8Array(DCM_PixelData, pixels, sizeof pixels));
}

#endif
