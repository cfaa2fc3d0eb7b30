/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For tests/bench only, never installed: a plugin that loads another one and times its OnStored callback, the calls into Orthanc's SDK
 * that it makes included. So the plugin that is measured is the one that is shipped, without a clock in it.
 *
 * ES_MEASURE_PLUGIN names the plugin to load; ES_MEASURE_OUT the file that gets, when Orthanc stops, one line a call in order:
 * nanoseconds of wall clock; of the thread's own processor time, which leaves out what other processes took away meanwhile; and, of
 * the first, those inside Orthanc's own services. */
#include <dlfcn.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <orthanc/OrthancCPlugin.h>

#define MAX_CALLS 1000000u

ORTHANC_PLUGINS_API int32_t OrthancPluginInitialize(OrthancPluginContext *context);
ORTHANC_PLUGINS_API void OrthancPluginFinalize(void);
ORTHANC_PLUGINS_API const char *OrthancPluginGetName(void);
ORTHANC_PLUGINS_API const char *OrthancPluginGetVersion(void);

static struct {
    OrthancPluginContext *real;
    OrthancPluginContext lent; /* what the measured plugin sees */
    OrthancPluginOnStoredInstanceCallback stored;
    void *library;
    void (*finalize)(void);
    uint64_t (*times)[3];
    atomic_uint calls;
} measure;
static _Thread_local uint64_t in_sdk; /* nanoseconds of the call in progress that Orthanc's own services took */

static uint64_t now(clockid_t clock)
{
    struct timespec at;
    clock_gettime(clock, &at);
    return (uint64_t)at.tv_sec * UINT64_C(1000000000) + (uint64_t)at.tv_nsec;
}

static OrthancPluginErrorCode timed(const OrthancPluginDicomInstance *instance, const char *id)
{
    const uint64_t own = now(CLOCK_THREAD_CPUTIME_ID), wall = now(CLOCK_MONOTONIC);
    in_sdk = 0;
    const OrthancPluginErrorCode code = measure.stored(instance, id);
    const uint64_t wall_end = now(CLOCK_MONOTONIC), own_end = now(CLOCK_THREAD_CPUTIME_ID);
    const unsigned call = atomic_fetch_add(&measure.calls, 1);
    if (call < MAX_CALLS) {
        measure.times[call][0] = wall_end - wall;
        measure.times[call][1] = own_end - own;
        measure.times[call][2] = in_sdk;
    }
    return code;
}

/* Orthanc's services, but for the one registration that we stand in for. */
static OrthancPluginErrorCode invoke(OrthancPluginContext *context, _OrthancPluginService service, const void *parameters)
{
    (void)context;
    if (service != _OrthancPluginService_RegisterOnStoredInstanceCallback) {
        const uint64_t begin = now(CLOCK_MONOTONIC);
        const OrthancPluginErrorCode code = measure.real->InvokeService(measure.real, service, parameters);
        in_sdk += now(CLOCK_MONOTONIC) - begin;
        return code;
    }
    const _OrthancPluginOnStoredInstanceCallback ours = {timed};
    measure.stored = ((const _OrthancPluginOnStoredInstanceCallback *)parameters)->callback;
    return measure.real->InvokeService(measure.real, service, &ours);
}

ORTHANC_PLUGINS_API int32_t OrthancPluginInitialize(OrthancPluginContext *context)
{
    const char *path = getenv("ES_MEASURE_PLUGIN");
    measure.times = calloc(MAX_CALLS, sizeof *measure.times);
    measure.library = path != NULL && measure.times != NULL ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (measure.library == NULL) {
        OrthancPluginLogError(context, "measure: ES_MEASURE_PLUGIN names no plugin that can be loaded");
        return -1;
    }
    int32_t (*initialize)(OrthancPluginContext *) = NULL;
    *(void **)&initialize = dlsym(measure.library, "OrthancPluginInitialize");
    *(void **)&measure.finalize = dlsym(measure.library, "OrthancPluginFinalize");
    if (initialize == NULL || measure.finalize == NULL) return -1;
    measure.real = context;
    measure.lent = *context;
    measure.lent.InvokeService = invoke;
    return initialize(&measure.lent);
}

ORTHANC_PLUGINS_API void OrthancPluginFinalize(void)
{
    const char *path = getenv("ES_MEASURE_OUT");
    if (measure.finalize != NULL) measure.finalize();
    FILE *out = path != NULL && measure.times != NULL ? fopen(path, "w") : NULL;
    const unsigned calls = atomic_load(&measure.calls);
    for (unsigned i = 0; out != NULL && i < calls && i < MAX_CALLS; i++)
        fprintf(out, "%" PRIu64 " %" PRIu64 " %" PRIu64 "\n", measure.times[i][0], measure.times[i][1], measure.times[i][2]);
    if (out != NULL) (void)fclose(out);
    free(measure.times);
    measure.times = NULL;
    measure.finalize = NULL;
}

ORTHANC_PLUGINS_API const char *OrthancPluginGetName(void) { return "measure"; }
ORTHANC_PLUGINS_API const char *OrthancPluginGetVersion(void) { return "1"; }
