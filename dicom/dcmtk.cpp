/* SPDX-License-Identifier: Apache-2.0 */
/* dataset.h on DCMTK: the only file that includes it. Tiny bodies, one guard, no logic of ours beyond limits and copies. */
#include <dcmtk/config/osconfig.h>

#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmdata/dcistrma.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcrledec.h>
#include <dcmtk/oflog/oflog.h>

#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <exception>
#include <memory>
#include <new>

#include "dicom/dataset.h"
#include "dicom/inflate.h"
#include "dicom/outline.h"
#include "dicom/skim.h"

namespace {

/* (5600,0000) spectroscopy data, (60xx) overlays and (7FE0) pixels are bulk; nothing wanted is behind them. */
const DcmTagKey bulk(0x5600, 0x0000);
const DcmTagKey behind_header(ES_LAST_WANTED_TAG >> 16, (ES_LAST_WANTED_TAG & 0xFFFF) + 1);

const char *const too_deep = "sequences are nested too deep";
const char *const too_many = "more elements than are read";
const char *const too_slow = "tags so out of order that reading takes too long";

/** Bytes in memory as DCMTK reads them, with the limits of dataset.h: past one, the stream fails and DCMTK unwinds. */
class Producer : public DcmProducer {
public:
    Producer(const void *bytes, size_t len) : bytes_(static_cast<const char *>(bytes)), len_(len) { start_clock(); }
    OFBool good() const override { return limit_ == nullptr; }
    OFCondition status() const override { return limit_ ? EC_InvalidStream : EC_Normal; }
    OFBool eos() override { return limit_ != nullptr || pos_ >= len_; }
    offile_off_t avail() override { return limit_ ? 0 : static_cast<offile_off_t>(len_ - pos_); }
    offile_off_t read(void *buf, offile_off_t want) override
    {
        const offile_off_t n = take(want);
        std::memcpy(buf, bytes_ + pos_, static_cast<size_t>(n));
        pos_ += static_cast<size_t>(n);
        return n;
    }
    offile_off_t skip(offile_off_t want) override
    {
        const offile_off_t n = take(want);
        pos_ += static_cast<size_t>(n);
        return n;
    }
    void putback(offile_off_t n) override { pos_ -= static_cast<size_t>(n) <= pos_ ? static_cast<size_t>(n) : pos_; }
    const char *limit() const { return limit_; }

private:
    static double now()
    {
        struct timespec t;
        return clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0 ? static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec) : 0;
    }
    void start_clock()
    {
        base_ = static_cast<const char *>(__builtin_frame_address(0));
        deadline_ = now() + ES_MAX_PARSE_SECONDS;
    }
    offile_off_t take(offile_off_t want)
    {
        const char *here = static_cast<const char *>(__builtin_frame_address(0));
        if (here < base_ && static_cast<size_t>(base_ - here) > ES_MAX_PARSE_STACK) limit_ = too_deep;
        if (++reads_ > ES_MAX_PARSE_READS) limit_ = too_many;
        if (reads_ % 1024 == 0 && now() > deadline_) limit_ = too_slow;
        if (limit_ || want < 0) return 0;
        const offile_off_t left = static_cast<offile_off_t>(len_ - pos_);
        return want < left ? want : left;
    }
    const char *bytes_, *base_ = nullptr, *limit_ = nullptr;
    size_t len_, pos_ = 0;
    unsigned reads_ = 0;
    double deadline_ = 0;
};

/* Values above this are passed over and stay unread: nothing wanted is that long, and a claim of 4 GB costs no memory. */
const Uint32 max_value = ES_MAX_VALUE;

/** Pixels may be as long as what there is to read, and no longer. */
Uint32 most_of_a_value(enum es_dataset_extent extent, size_t len)
{
    return extent == ES_DATASET_PIXELS && len > max_value ? static_cast<Uint32>(len) : max_value;
}

/** What DCMTK keeps of a value passed over: its bytes are gone when the parse is, so that it reads as empty. */
class Factory : public DcmInputStreamFactory {
public:
    DcmInputStream *create() const override;
    DcmInputStreamFactory *clone() const override { return new Factory; }
    DcmInputStreamFactoryType ident() const override { return DFT_DcmInputFileStreamFactory; }
};

class Stream : public DcmInputStream {
public:
    Stream(const void *bytes, size_t len) : DcmInputStream(&producer_), producer_(bytes, len) {}
    DcmInputStreamFactory *newFactory() const override { return new Factory; }
    const char *limit() const { return producer_.limit(); }

private:
    Producer producer_;
};

DcmInputStream *Factory::create() const
{
    return new Stream("", 0);
}

/** Run a body so that no exception reaches a C frame and no reason is lost. */
template <typename Body> enum es_errc guarded(struct es_error *err, const char *what, Body body)
{
    try {
        return body();
    } catch (const std::bad_alloc &) {
        return es_fail(err, ES_E_MEMORY, "%s: out of memory", what);
    } catch (const std::exception &e) {
        return es_fail(err, ES_E_PARSE, "%s: %s", what, e.what());
    } catch (...) {
        return es_fail(err, ES_E_PARSE, "%s: unknown exception", what);
    }
}

const DcmItem *dcm(const struct es_item *item)
{
    return reinterpret_cast<const DcmItem *>(item);
}

/** DCMTK's look-ups are not const although they change nothing but a list's cursor. */
DcmElement *find(const DcmItem *item, uint32_t tag)
{
    DcmElement *element = nullptr;
    const DcmTagKey key(static_cast<Uint16>(tag >> 16), static_cast<Uint16>(tag & 0xFFFF));
    if (const_cast<DcmItem *>(item)->findAndGetElement(key, element).bad()) return nullptr;
    return element;
}

DcmSequenceOfItems *as_sequence(DcmElement *element)
{
    return element && element->ident() == EVR_SQ ? dynamic_cast<DcmSequenceOfItems *>(element) : nullptr;
}

/** The value's bytes in little endian order; up to `room` of them. @return how many there are, 0 on failure */
size_t raw_bytes(DcmElement *element, void *out, size_t room)
{
    const size_t len = element->getLengthField();
    const size_t n = len < room ? len : room;
    if (n == 0 || len == DCM_UndefinedLength) return 0;
    if (!element->valueLoaded()) { /* passed over: only that it is too long is known */
        std::memset(out, '?', n);
        return len;
    }
    size_t unit = n;
    if (len > room && unit % 8) unit -= unit % 8; /* whole numbers, so that bytes can be swapped */
    return element->getPartialValue(out, 0, static_cast<Uint32>(unit), nullptr, EBO_LittleEndian).good() ? len : 0;
}

/* ---- one element ---- */

DcmElement *element_at(const struct es_item_cursor *cursor)
{
    return static_cast<DcmElement *>(static_cast<DcmObject *>(const_cast<void *>(cursor->at)));
}

void point_at(DcmObject *object, struct es_item_cursor *cursor)
{
    const DcmVR vr(object->getVR());
    cursor->at = object;
    cursor->tag = static_cast<uint32_t>(object->getGTag()) << 16 | object->getETag();
    std::memcpy(cursor->vr, vr.getValidVRName(), 2); /* its names have two letters */
    cursor->vr[2] = '\0';
    cursor->sequence = object->ident() == EVR_SQ;
    cursor->length = cursor->sequence ? 0 : object->getLengthField();
}

/** The sequence that an item is of: DCMTK remembers it. */
DcmSequenceOfItems *sequence_around(const struct es_item *item)
{
    return as_sequence(dynamic_cast<DcmElement *>(const_cast<DcmItem *>(dcm(item))->getParent()));
}

const struct es_item *item_behind(DcmSequenceOfItems *items, const struct es_item *previous)
{
    if (!items) return nullptr;
    const DcmObject *after = previous ? static_cast<const DcmObject *>(dcm(previous)) : nullptr;
    return reinterpret_cast<const struct es_item *>(static_cast<const DcmItem *>(static_cast<DcmItem *>(items->nextInContainer(after))));
}

bool text_of(DcmElement *element, char *out, size_t size)
{
    char value[ES_VALUE_TEXT];
    if (!element || as_sequence(element)) return false;
    const size_t n = raw_bytes(element, value, sizeof value);
    return es_value_text(value, n, out, size);
}

size_t bytes_of(DcmElement *element, void *out, size_t room)
{
    if (!element || as_sequence(element) || !element->valueLoaded()) return 0;
    const size_t n = raw_bytes(element, out, room);
    return n < room ? n : room;
}

bool number_of(DcmElement *element, double *out)
{
    Float64 fd = 0;
    Float32 fl = 0;
    Uint16 us = 0;
    Sint16 ss = 0;
    Uint32 ul = 0;
    Sint32 sl = 0;
    if (!element) return false;
    if (element->ident() == EVR_FD && element->getFloat64(fd).good()) *out = fd;
    else if (element->ident() == EVR_FL && element->getFloat32(fl).good()) *out = static_cast<double>(fl);
    else if (element->ident() == EVR_US && element->getUint16(us).good()) *out = us;
    else if (element->ident() == EVR_SS && element->getSint16(ss).good()) *out = ss;
    else if (element->ident() == EVR_UL && element->getUint32(ul).good()) *out = ul;
    else if (element->ident() == EVR_SL && element->getSint32(sl).good()) *out = sl;
    else return false;
    return true;
}

} // namespace

struct es_dataset {
    DcmMetaInfo meta;
    DcmDataset data;
    bool implicit_vr = false;
    char broken[ES_ERROR_TEXT] = "";
};

namespace {

void remember(es_dataset *ds, const Stream &stream, const OFCondition &cond)
{
    std::snprintf(ds->broken, sizeof ds->broken, "data set: %s", stream.limit() ? stream.limit() : cond.text());
}

enum es_errc read_data(es_dataset *ds, Stream &stream, E_TransferSyntax syntax, es_dataset_extent extent, size_t len,
                       struct es_error *err)
{
    ds->data.transferInit();
    const DcmTagKey end = extent == ES_DATASET_HEADER ? behind_header : extent == ES_DATASET_WHOLE ? bulk : DCM_UndefinedTagKey;
    const OFCondition cond = ds->data.readUntilTag(stream, syntax, EGL_noChange, most_of_a_value(extent, len), end);
    if (stream.limit() == too_slow) return es_fail(err, ES_E_LIMIT, "parse data set: %s", too_slow);
    if (stream.limit() == too_many) return es_fail(err, ES_E_LIMIT, "parse data set: %s", too_many);
    if (cond.bad() || stream.limit()) remember(ds, stream, cond);
    ds->data.transferEnd();
    ds->implicit_vr = DcmXfer(ds->data.getOriginalXfer()).isImplicitVR();
    return ES_OK;
}

enum es_errc read_object(es_dataset *ds, const void *bytes, size_t len, es_dataset_extent extent, struct es_error *err)
{
    Stream stream(bytes, len);
    ds->meta.transferInit();
    const OFCondition cond = ds->meta.read(stream, EXS_Unknown, EGL_noChange, max_value);
    ds->meta.transferEnd();
    if (cond.bad()) {
        remember(ds, stream, cond);
        return ES_OK;
    }
    OFString uid;
    E_TransferSyntax syntax = EXS_Unknown;
    if (ds->meta.findAndGetOFString(DCM_TransferSyntaxUID, uid).good() && !uid.empty()) syntax = DcmXfer(uid.c_str()).getXfer();
    if (syntax != EXS_DeflatedLittleEndianExplicit) return read_data(ds, stream, syntax, extent, len, err);
    /* inflated by us, because DCMTK has no ceiling for what comes out */
    const size_t at = static_cast<size_t>(stream.tell());
    void *plain = nullptr;
    size_t plain_len = 0;
    const enum es_errc code = es_inflate(static_cast<const char *>(bytes) + at, len - at, ES_MAX_OBJECT_BYTES, &plain, &plain_len, err);
    if (code != ES_OK) return code;
    std::unique_ptr<void, void (*)(void *)> owner(plain, es_inflate_free);
    Stream inner(plain, plain_len);
    return read_data(ds, inner, EXS_LittleEndianExplicit, extent, plain_len, err);
}

/** Leaves of the items of a sequence that holds codes. @param next running index of the item; past the limit the root is cut */
bool add_codes(struct es_elements *out, const struct es_attribute *row, DcmSequenceOfItems *sequence, bool implicit_vr, unsigned *next);

bool add_leaf(struct es_elements *out, DcmElement *element, uint32_t tag, uint32_t parent, unsigned item, bool implicit_vr)
{
    char value[ES_MAX_ELEMENT_VALUE + 8];
    if (as_sequence(element) || element->ident() == EVR_item) return false;
    const size_t len = raw_bytes(element, value, sizeof value);
    const char *vr = implicit_vr ? nullptr : DcmVR(element->ident()).getValidVRName();
    return es_elements_add(out, tag, parent, item, vr, value, len < sizeof value ? len : sizeof value) != nullptr;
}

bool add_codes(struct es_elements *out, const struct es_attribute *row, DcmSequenceOfItems *sequence, bool implicit_vr, unsigned *next)
{
    for (DcmObject *o = sequence->nextInContainer(nullptr); o; o = sequence->nextInContainer(o)) {
        DcmItem *item = static_cast<DcmItem *>(o);
        if (*next >= ES_MAX_CODE_ITEMS) return false;
        for (DcmObject *e = item->nextInContainer(nullptr); e; e = item->nextInContainer(e)) {
            const uint32_t tag = static_cast<uint32_t>(e->getGTag()) << 16 | e->getETag();
            if (es_attribute_nested(tag)) (void)add_leaf(out, static_cast<DcmElement *>(e), tag, row->tag, *next, implicit_vr);
        }
        ++*next;
    }
    return true;
}

bool add_nested(struct es_elements *out, const struct es_attribute *row, DcmSequenceOfItems *outer, bool implicit_vr, unsigned *next)
{
    for (DcmObject *o = outer->nextInContainer(nullptr); o; o = outer->nextInContainer(o)) {
        DcmElement *inner = find(static_cast<DcmItem *>(o), row->codes);
        DcmSequenceOfItems *codes = as_sequence(inner);
        if (inner && !codes) { /* a sequence unknown to DCMTK under implicit VR: its bytes */
            const struct es_attribute direct = {row->tag, "SQ", false, row->keyword, row->use, row->tag};
            Uint8 *bytes = nullptr;
            if (!inner->valueLoaded() || inner->getUint8Array(bytes).bad() || !bytes) continue;
            if (es_skim_sequence(&direct, bytes, inner->getLengthField(), out, next, nullptr) != ES_OK) return false;
        } else if (codes && !add_codes(out, row, codes, implicit_vr, next)) {
            return false;
        }
    }
    return true;
}

/** A wanted sequence: parsed by DCMTK, or bytes that it does not know as one. */
void add_sequence(struct es_elements *out, const struct es_attribute *row, DcmElement *element, bool implicit_vr)
{
    struct es_element *root = es_elements_add(out, row->tag, 0, 0, "SQ", nullptr, 0);
    if (!root) return;
    unsigned next = 0;
    bool whole = true;
    if (DcmSequenceOfItems *sequence = as_sequence(element)) {
        whole = row->codes == row->tag ? add_codes(out, row, sequence, implicit_vr, &next) : add_nested(out, row, sequence, implicit_vr, &next);
    } else {
        Uint8 *bytes = nullptr;
        const bool unknown = implicit_vr || std::strcmp(DcmVR(element->getVR()).getVRName(), "UN") == 0;
        if (element->getLengthField() == 0) return;
        if (!unknown || !element->valueLoaded() || element->getUint8Array(bytes).bad() || !bytes ||
            es_skim_sequence(row, bytes, element->getLengthField(), out, &next, nullptr) != ES_OK)
            root->flags |= ES_ELEMENT_WRONG_VR;
    }
    if (!whole) {
        root->flags |= ES_ELEMENT_CUT;
        out->unusual = 1;
    }
}

void add_item(struct es_elements *out, DcmItem &item, bool implicit_vr)
{
    for (DcmObject *o = item.nextInContainer(nullptr); o; o = item.nextInContainer(o)) {
        const uint32_t tag = static_cast<uint32_t>(o->getGTag()) << 16 | o->getETag();
        const struct es_attribute *row = es_attribute_find(tag);
        if (!row) continue;
        DcmElement *element = static_cast<DcmElement *>(o);
        if (row->codes) {
            add_sequence(out, row, element, implicit_vr);
        } else if (!add_leaf(out, element, tag, 0, 0, implicit_vr)) {
            struct es_element *wrong = es_elements_add(out, tag, 0, 0, "SQ", nullptr, 0);
            if (wrong) wrong->flags |= ES_ELEMENT_WRONG_VR;
        }
    }
}

/** The fragments of encapsulated pixel data, the offset table first; NULL when it is native or was not read. */
DcmPixelSequence *fragments_of(DcmElement *element)
{
    DcmPixelData *pixels = element ? dynamic_cast<DcmPixelData *>(element) : nullptr;
    E_TransferSyntax syntax = EXS_Unknown;
    const DcmRepresentationParameter *parameter = nullptr;
    DcmPixelSequence *sequence = nullptr;
    if (!pixels) return nullptr;
    pixels->getOriginalRepresentationKey(syntax, parameter);
    if (!DcmXfer(syntax).isEncapsulated() || pixels->getEncapsulatedRepresentation(syntax, parameter, sequence).bad()) return nullptr;
    return sequence;
}

const uint32_t pixel_data = 0x7FE00010;

/** Overwrite what DCMTK holds of one value: it frees its memory as it is. Numbers and pixels name nobody. */
void wipe_value(DcmElement *element)
{
    char *text = nullptr;
    Uint32 len = 0;
    Uint8 *bytes = nullptr;
    if (element->getTag().getBaseTag() == DCM_PixelData || element->getLengthField() == 0 || !element->valueLoaded()) return;
    if (element->getString(text, len).good() && text) explicit_bzero(text, len);
    else if (element->getUint8Array(bytes).good() && bytes) explicit_bzero(bytes, element->getLengthField());
}

void wipe(DcmDataset &data)
{
    (void)guarded(nullptr, "wipe data set", [&]() -> enum es_errc {
        DcmStack stack;
        while (data.nextObject(stack, OFTrue).good()) {
            DcmObject *object = stack.top();
            if (object->isLeaf()) wipe_value(static_cast<DcmElement *>(object));
        }
        return ES_OK;
    });
}

} // namespace

extern "C" {

void es_dicom_process_setup(bool own_process)
{
    static const struct {
        Uint16 group, element;
        DcmEVR vr;
        const char *keyword;
    } tags[] = {
        {0x0010, 0x0041, EVR_SQ, "GenderIdentitySequence"},
        {0x0010, 0x0043, EVR_SQ, "SexParametersForClinicalUseCategorySequence"},
        {0x0010, 0x0044, EVR_SQ, "GenderIdentityCodeSequence"},
        {0x0010, 0x0046, EVR_SQ, "SexParametersForClinicalUseCategoryCodeSequence"},
        {0x0010, 0x2161, EVR_SQ, "EthnicGroupCodeSequence"},
        {0x0010, 0x2162, EVR_UC, "EthnicGroups"},
    };
    if (!own_process) return;
    (void)guarded(nullptr, "set up", [&]() -> enum es_errc {
        OFLog::configure(OFLogger::OFF_LOG_LEVEL);
        DcmDataDictionary &dictionary = dcmDataDict.wrlock();
        for (const auto &tag : tags)
            if (!dictionary.findEntry(DcmTagKey(tag.group, tag.element), nullptr))
                dictionary.addEntry(new DcmDictEntry(tag.group, tag.element, DcmVR(tag.vr), tag.keyword, 1, 1, "evensight", OFTrue, nullptr));
        dcmDataDict.wrunlock();
        return ES_OK;
    });
}

enum es_errc es_dataset_parse(struct es_dataset **out, const void *bytes, size_t len, enum es_dataset_extent extent, struct es_error *err)
{
    return guarded(err, "parse data set", [&]() -> enum es_errc {
        if (len < 8) return es_fail(err, ES_E_PARSE, "parse data set: %zu bytes are no DICOM object", len);
        std::unique_ptr<es_dataset> ds(new es_dataset);
        const enum es_errc code = read_object(ds.get(), bytes, len < ES_MAX_OBJECT_BYTES ? len : ES_MAX_OBJECT_BYTES, extent, err);
        if (code != ES_OK) return code;
        if (ds->data.card() == 0 && ds->meta.card() == 0)
            return es_fail(err, ES_E_PARSE, "no DICOM object: %s", ds->broken[0] ? ds->broken : "not one element could be read");
        *out = ds.release();
        return ES_OK;
    });
}

void es_dataset_free(struct es_dataset *dataset)
{
    if (dataset) wipe(dataset->data);
    (void)guarded(nullptr, "free data set", [&]() -> enum es_errc {
        delete dataset;
        return ES_OK;
    });
}

const char *es_dataset_broken(const struct es_dataset *dataset)
{
    return dataset->broken[0] ? dataset->broken : nullptr;
}

void es_dataset_elements(const struct es_dataset *dataset, struct es_elements *out)
{
    es_elements_clear(out);
    (void)guarded(nullptr, "copy elements", [&]() -> enum es_errc {
        es_dataset *ds = const_cast<es_dataset *>(dataset);
        add_item(out, ds->meta, false);
        add_item(out, ds->data, ds->implicit_vr);
        return ES_OK;
    });
}

const struct es_item *es_dataset_root(const struct es_dataset *dataset)
{
    return reinterpret_cast<const struct es_item *>(static_cast<const DcmItem *>(&dataset->data));
}

const struct es_item *es_item_next(const struct es_item *parent, uint32_t sequence, const struct es_item *previous)
{
    if (es_outline_is(parent)) return es_outline_next(previous ? nullptr : es_outline_find(parent, sequence), previous);
    const struct es_item *next = nullptr;
    (void)guarded(nullptr, "next item", [&]() -> enum es_errc {
        next = previous ? item_behind(sequence_around(previous), previous) : item_behind(as_sequence(find(dcm(parent), sequence)), nullptr);
        return ES_OK;
    });
    return next;
}

const struct es_item *es_cursor_next(const struct es_item_cursor *sequence, const struct es_item *previous)
{
    if (es_outline_is(sequence->at)) return es_outline_next(es_outline_node(sequence->at), previous);
    const struct es_item *next = nullptr;
    (void)guarded(nullptr, "next item", [&]() -> enum es_errc {
        next = item_behind(as_sequence(element_at(sequence)), previous);
        return ES_OK;
    });
    return next;
}

bool es_item_text(const struct es_item *item, uint32_t tag, char *out, size_t size)
{
    if (es_outline_is(item)) return es_outline_text(es_outline_find(item, tag), out, size);
    bool fits = false;
    out[0] = '\0';
    (void)guarded(nullptr, "text", [&]() -> enum es_errc {
        fits = text_of(find(dcm(item), tag), out, size);
        return ES_OK;
    });
    return fits;
}

bool es_cursor_text(const struct es_item_cursor *cursor, char *out, size_t size)
{
    if (es_outline_is(cursor->at)) return es_outline_text(es_outline_node(cursor->at), out, size);
    bool fits = false;
    out[0] = '\0';
    (void)guarded(nullptr, "text", [&]() -> enum es_errc {
        fits = text_of(element_at(cursor), out, size);
        return ES_OK;
    });
    return fits;
}

bool es_item_walk(const struct es_item *item, struct es_item_cursor *cursor)
{
    if (es_outline_is(item)) return es_outline_walk(item, cursor);
    bool found = false;
    (void)guarded(nullptr, "walk", [&]() -> enum es_errc {
        DcmObject *after = static_cast<DcmObject *>(const_cast<void *>(cursor->at));
        DcmObject *next = const_cast<DcmItem *>(dcm(item))->nextInContainer(after);
        found = next != nullptr;
        if (found) point_at(next, cursor);
        return ES_OK;
    });
    return found;
}

bool es_item_find(const struct es_item *item, uint32_t tag, struct es_item_cursor *cursor)
{
    bool found = false;
    std::memset(cursor, 0, sizeof *cursor);
    if (es_outline_is(item)) return es_outline_point(es_outline_find(item, tag), cursor);
    (void)guarded(nullptr, "find", [&]() -> enum es_errc {
        DcmElement *element = find(dcm(item), tag);
        found = element != nullptr;
        if (found) point_at(element, cursor);
        return ES_OK;
    });
    return found;
}

size_t es_item_count(const struct es_item *item)
{
    if (es_outline_is(item)) return es_outline_count(item);
    size_t count = 0;
    (void)guarded(nullptr, "count", [&]() -> enum es_errc {
        count = const_cast<DcmItem *>(dcm(item))->card();
        return ES_OK;
    });
    return count;
}

size_t es_item_bytes(const struct es_item *item, uint32_t tag, void *out, size_t room)
{
    if (es_outline_is(item)) return es_outline_bytes(es_outline_find(item, tag), out, room);
    size_t n = 0;
    (void)guarded(nullptr, "bytes", [&]() -> enum es_errc {
        n = bytes_of(find(dcm(item), tag), out, room);
        return ES_OK;
    });
    return n;
}

size_t es_cursor_bytes(const struct es_item_cursor *cursor, void *out, size_t room)
{
    if (es_outline_is(cursor->at)) return es_outline_bytes(es_outline_node(cursor->at), out, room);
    size_t n = 0;
    (void)guarded(nullptr, "bytes", [&]() -> enum es_errc {
        n = bytes_of(element_at(cursor), out, room);
        return ES_OK;
    });
    return n;
}

void es_dataset_pixels(const struct es_dataset *dataset, struct es_pixels *out)
{
    std::memset(out, 0, sizeof *out);
    (void)guarded(nullptr, "pixels", [&]() -> enum es_errc {
        es_dataset *ds = const_cast<es_dataset *>(dataset);
        OFString uid;
        if (ds->meta.findAndGetOFString(DCM_TransferSyntaxUID, uid).good() && uid.length() < sizeof out->syntax)
            std::memcpy(out->syntax, uid.c_str(), uid.length() + 1);
        DcmElement *element = find(&ds->data, pixel_data);
        DcmPixelSequence *sequence = fragments_of(element);
        Uint8 *bytes = nullptr;
        if (sequence && !ds->broken[0]) out->fragments = sequence->card() > 0 ? static_cast<uint32_t>(sequence->card() - 1) : 0;
        if (sequence || !element || as_sequence(element) || !element->valueLoaded()) return ES_OK;
        if (ds->broken[0]) return ES_OK; /* DCMTK leaves what it could not read of a value as it found the memory */
        if (element->getUint8Array(bytes).good() && bytes) {
            out->native = bytes;
            out->native_len = element->getLengthField();
        }
        return ES_OK;
    });
}

const void *es_dataset_fragment(const struct es_dataset *dataset, const void *previous, const uint8_t **bytes, size_t *len)
{
    const DcmObject *next = nullptr;
    *bytes = nullptr;
    *len = 0;
    (void)guarded(nullptr, "fragment", [&]() -> enum es_errc {
        DcmPixelSequence *sequence = fragments_of(find(&const_cast<es_dataset *>(dataset)->data, pixel_data));
        Uint8 *value = nullptr;
        if (!sequence) return ES_OK;
        const DcmObject *after = static_cast<const DcmObject *>(previous);
        DcmObject *object = sequence->nextInContainer(after ? after : sequence->nextInContainer(nullptr));
        DcmElement *item = dynamic_cast<DcmElement *>(object);
        next = object;
        if (!item || !item->valueLoaded() || item->getUint8Array(value).bad() || !value) return ES_OK;
        *bytes = value;
        *len = item->getLengthField();
        return ES_OK;
    });
    return next;
}

bool es_rle_unpack(const uint8_t *bytes, size_t len, uint8_t *out, size_t out_len)
{
    bool whole = false;
    (void)guarded(nullptr, "unpack", [&]() -> enum es_errc {
        DcmRLEDecoder decoder(out_len + 2); /* a writer may pad the bytes to an even number before it packs them */
        if (decoder.decompress(const_cast<uint8_t *>(bytes), len).bad() && decoder.size() < out_len) return ES_OK;
        if (decoder.size() < out_len) return ES_OK;
        std::memcpy(out, decoder.getOutputBuffer(), out_len);
        whole = true;
        return ES_OK;
    });
    return whole;
}

bool es_item_number(const struct es_item *item, uint32_t tag, double *out)
{
    if (es_outline_is(item)) return es_outline_number(es_outline_find(item, tag), out);
    bool found = false;
    (void)guarded(nullptr, "number", [&]() -> enum es_errc {
        found = number_of(find(dcm(item), tag), out);
        return ES_OK;
    });
    return found;
}

bool es_cursor_number(const struct es_item_cursor *cursor, double *out)
{
    if (es_outline_is(cursor->at)) return es_outline_number(es_outline_node(cursor->at), out);
    bool found = false;
    (void)guarded(nullptr, "number", [&]() -> enum es_errc {
        found = number_of(element_at(cursor), out);
        return ES_OK;
    });
    return found;
}

} // extern "C"
