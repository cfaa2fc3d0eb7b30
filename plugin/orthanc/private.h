/* SPDX-License-Identifier: GPL-3.0-or-later */
/** @file private.h
 * What the files of the Orthanc plugin share: its few globals.
 */
#ifndef ES_PLUGIN_ORTHANC_PRIVATE_H
#define ES_PLUGIN_ORTHANC_PRIVATE_H

#include <orthanc/OrthancCPlugin.h>

#include "plugin/worker/notice.h"

/** Written by Initialize and Finalize only, on Orthanc's main thread while no other runs ours. */
struct orthanc_plugin {
    OrthancPluginContext *context;
    struct es_config *config;   /* NULL when it is wrong */
    struct es_worker *worker;   /* NULL when it is wrong or could not be started */
    char root[ES_NAME_SIZE];    /* "/evensight/" */
    char reason[ES_ERROR_TEXT]; /* what is wrong, when there is no worker */
};
extern struct orthanc_plugin orthanc_plugin;

/** Register routes, filter and button. With no worker, `status` only. */
void orthanc_routes_register(void);
/** The table of calls to Orthanc for the worker. */
extern const struct es_host orthanc_host;

#endif
