/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of powers of two, cut from chunks of whole pages; each size has a list of those given back. Big ones have pages of their own.
 * OpenSSL's secure heap does the like, but has a fixed size that is decided once for the whole process, which is the archive's. */
#include "dicom/secret.h"
#include "dicom/storing.h"

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHUNK ((size_t)1 << 20)
#define SMALLEST 6 /* 64 bytes, the head included */
#define BIGGEST 16 /* 64 KiB; above: pages of its own */

/* Stands before each block. */
struct head {
    size_t size; /* of the block with its head */
    size_t reserved;
};
_Static_assert(sizeof(struct head) % _Alignof(max_align_t) == 0, "what follows is aligned for any type");

static void *pages(size_t size)
{
    void *found = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (found == MAP_FAILED) return NULL;
    (void)madvise(found, size, MADV_DONTDUMP);
    return found;
}

/* `size` in whole pages; 0 when there are not so many bytes. */
static size_t whole_pages(size_t size)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t sum;
    return __builtin_add_overflow(size, page - 1, &sum) ? 0 : sum / page * page;
}

#if !defined(__SANITIZE_ADDRESS__)

static struct {
    pthread_mutex_t lock;
    char *at, *end;                  /* what is left of the newest chunk */
    struct head *given[BIGGEST + 1]; /* given back, by size; each one's first bytes lead to the next */
} all = {.lock = PTHREAD_MUTEX_INITIALIZER};

static struct head **next_of(struct head *block) { return (struct head **)(void *)(block + 1); }

static struct head *take(unsigned order)
{
    struct head *block = all.given[order];
    const size_t size = (size_t)1 << order;
    if (block != NULL) {
        all.given[order] = *next_of(block);
        *next_of(block) = NULL;
        return block;
    }
    if ((size_t)(all.end - all.at) < size) { /* less than the biggest is lost with the old chunk */
        char *chunk = pages(CHUNK);
        if (chunk == NULL) return NULL;
        all.at = chunk;
        all.end = chunk + CHUNK;
    }
    block = (struct head *)(void *)all.at;
    all.at += size;
    return block;
}

void *es_secret_new(size_t size)
{
    size_t whole;
    unsigned order = SMALLEST;
    struct head *block;
    if (__builtin_add_overflow(size, sizeof *block, &whole)) return NULL;
    while (order <= BIGGEST && ((size_t)1 << order) < whole) order++;
    if (order > BIGGEST) {
        whole = whole_pages(whole);
        block = whole > 0 ? pages(whole) : NULL;
    } else {
        whole = (size_t)1 << order;
        pthread_mutex_lock(&all.lock);
        block = take(order);
        pthread_mutex_unlock(&all.lock);
    }
    if (block == NULL) return NULL;
    block->size = whole;
    return block + 1;
}

static size_t room_of(const void *block)
{
    return ((const struct head *)block - 1)->size - sizeof(struct head);
}

void es_secret_free(void *block)
{
    if (block == NULL) return;
    struct head *head = (struct head *)block - 1;
    if (head->size > (size_t)1 << BIGGEST) {
        (void)munmap(head, head->size); /* the kernel gives these pages to nobody before it has cleared them */
        return;
    }
    explicit_bzero(block, room_of(block));
    const unsigned order = (unsigned)__builtin_ctzll(head->size);
    pthread_mutex_lock(&all.lock);
    *next_of(head) = all.given[order];
    all.given[order] = head;
    pthread_mutex_unlock(&all.lock);
}

#else

void *es_secret_new(size_t size) { return calloc(1, size > 0 ? size : 1); }

static size_t room_of(void *block) { return malloc_usable_size(block); }

void es_secret_free(void *block)
{
    if (block == NULL) return;
    explicit_bzero(block, room_of(block));
    free(block);
}

#endif

void *es_secret_list(size_t count, size_t size)
{
    size_t bytes;
    return __builtin_mul_overflow(count, size, &bytes) ? NULL : es_secret_new(bytes);
}

void *es_secret_resize(void *old, size_t size)
{
    const size_t room = old != NULL ? room_of(old) : 0;
    if (old != NULL && size <= room) return old;
    void *grown = es_secret_new(size);
    if (grown == NULL || old == NULL) return grown;
    memcpy(grown, old, room);
    es_secret_free(old);
    return grown;
}

char *es_secret_text(const char *text)
{
    const size_t len = strlen(text);
    char *copy = es_secret_new(len + 1);
    if (copy != NULL) memcpy(copy, text, len + 1);
    return copy;
}

/* ---- stacks ---- */

void *es_secret_stack_new(size_t size)
{
    const size_t whole = whole_pages(size);
    void *stack = whole > 0 ? pages(whole) : NULL;
    if (stack != NULL && mprotect(stack, (size_t)sysconf(_SC_PAGESIZE), PROT_NONE) != 0) {
        (void)munmap(stack, whole);
        stack = NULL;
    }
    return stack;
}

void es_secret_stack_free(void *stack, size_t size)
{
    if (stack != NULL) (void)munmap(stack, whole_pages(size));
}

/* What was moved last stands in the vector registers, which a core dump shows, and which binding a function for the first time puts on the stack. */
#if defined __x86_64__
ES_STORING __attribute__((noinline)) static void wipe_registers(char *zeros, size_t len)
{
    (void)zeros;
    (void)len;
#define LOWER "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
    if (__builtin_cpu_supports("avx512f")) /* the upper sixteen, which only these processors have and vzeroall leaves as they are */
        __asm__ volatile(".irp n,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\tvpxord %zmm\\n,%zmm\\n,%zmm\\n\n\t.endr");
    if (__builtin_cpu_supports("avx")) __asm__ volatile("vzeroall" : : : LOWER);
    else __asm__ volatile(".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\txorps %%xmm\\n,%%xmm\\n\n\t.endr" : : : LOWER);
}
#else
/* Moves of zeros, by each of the ways that memcpy() has for some size, take its place. */
static void wipe_registers(char *zeros, size_t len)
{
    for (size_t n = 1; n <= len / 2; n *= 2) {
        memcpy(zeros + len / 2, zeros, n);
        __asm__ volatile("" : : "r"(zeros) : "memory"); /* not to be left out */
    }
}
#endif

/* Of use on an archive's storing thread, whose caches are cold: no call but ours, and few lines. */
ES_STORING __attribute__((noinline)) void es_secret_wipe_stack(void)
{
    volatile uint64_t left[256 - 8];
    for (size_t i = 0; i < sizeof left / sizeof left[0]; i++) left[i] = 0;
    wipe_registers((char *)(uintptr_t)left, sizeof left);
}

__attribute__((noinline)) void es_secret_wipe_deep_stack(void)
{
    char left[262144];
    explicit_bzero(left, sizeof left);
    wipe_registers(left, sizeof left);
}
