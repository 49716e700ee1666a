#ifndef R3E_COMMON_LEAK_SCAN_H
#define R3E_COMMON_LEAK_SCAN_H
/* In builds with AddressSanitizer alone: what LeakSanitizer reads at the end of a process.
 *
 * It reads every byte of writable globals, its own runtime's too, whose tables take 9 MB that are zero and
 * were never touched (clang 14: the two stack depots). A first touch of 4 KiB was measured to take 8 to 14 us
 * where a virtual machine has no help from its processor, so that was half of what a short process cost.
 *
 * A page that was never touched holds no pointer. So this module defines dl_iterate_phdr(), by which the
 * globals are found, and once the process ends it names only such parts of a large writable segment as have
 * memory behind them (Linux, Documentation/admin-guide/mm/pagemap.rst). What is named falsely can only be too
 * little, and then a leak too much is reported, never one too few. Where anything is not as expected,
 * everything is named as before: no /proc, another runtime, more parts than there is room for. */

/* From here on. Called by itself when the process ends, after all that was registered with atexit(); a test
 * calls it earlier. The build's `-u` of this name brings the module into each program. */
void leak_scan_begin_end(void);

#endif
