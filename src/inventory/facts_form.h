#pragma once
/*
 * facts_form.h - the constants that writer and reader of stored facts share.
 */
#define FACTS_MAGIC   "PWFACTS\n"
#define FACTS_VERSION 1 /* raised when the form changes: older facts are read again */
