#ifndef R3E_COMMON_SANITIZED_H
#define R3E_COMMON_SANITIZED_H
/* SANITIZED: 1 in a build with AddressSanitizer, which maps terabytes, starts threads and looks for leaks at
 * the end. gcc and clang each have their own way to say so. */

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

#endif
