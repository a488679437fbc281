// Clang's thread-safety and non-blocking attributes under names of our own.
//
// Empty where the compiler has none, so `clang -Wthread-safety` checks users' code and other compilers
// see plain declarations. The library's bodies are exempt (RTSEQ_NO_THREAD_SAFETY_ANALYSIS): what they do
// with their inner lock is what the attribute on the outside says.
#ifndef RTSEQ_DETAIL_ANNOTATIONS_HPP
#define RTSEQ_DETAIL_ANNOTATIONS_HPP

#if defined(__clang__)
#define RTSEQ_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define RTSEQ_THREAD_ANNOTATION(x)
#endif

#define RTSEQ_CAPABILITY(name) RTSEQ_THREAD_ANNOTATION(capability(name))
#define RTSEQ_SCOPED_CAPABILITY RTSEQ_THREAD_ANNOTATION(scoped_lockable)
#define RTSEQ_ACQUIRE(...) RTSEQ_THREAD_ANNOTATION(acquire_capability(__VA_ARGS__))
#define RTSEQ_TRY_ACQUIRE(...) RTSEQ_THREAD_ANNOTATION(try_acquire_capability(__VA_ARGS__))
#define RTSEQ_RELEASE(...) RTSEQ_THREAD_ANNOTATION(release_capability(__VA_ARGS__))
#define RTSEQ_ACQUIRE_SHARED(...) RTSEQ_THREAD_ANNOTATION(acquire_shared_capability(__VA_ARGS__))
#define RTSEQ_TRY_ACQUIRE_SHARED(...) RTSEQ_THREAD_ANNOTATION(try_acquire_shared_capability(__VA_ARGS__))
#define RTSEQ_RELEASE_SHARED(...) RTSEQ_THREAD_ANNOTATION(release_shared_capability(__VA_ARGS__))
#define RTSEQ_EXCLUDES(...) RTSEQ_THREAD_ANNOTATION(locks_excluded(__VA_ARGS__))
#define RTSEQ_NO_THREAD_SAFETY_ANALYSIS RTSEQ_THREAD_ANNOTATION(no_thread_safety_analysis)

// A function that never waits, allocates or enters the kernel. Stands behind `noexcept`.
//
// Between the other two the compiler does not look for itself, because it would refuse what is harmless: thread-local
// variables that lie in the static block (RTSEQ_THREAD_LOCAL), the clock, the thread's id, which is asked for once,
// and the reporting of misuse. no_blocking_test looks there.
#if defined(__has_cpp_attribute)
#if __has_cpp_attribute(clang::nonblocking)
#define RTSEQ_NONBLOCKING [[clang::nonblocking]]
#define RTSEQ_TRUST_NONBLOCKING_BEGIN \
  _Pragma("clang diagnostic push") _Pragma("clang diagnostic ignored \"-Wfunction-effects\"")
#define RTSEQ_TRUST_NONBLOCKING_END _Pragma("clang diagnostic pop")
#endif
#endif
#if !defined(RTSEQ_NONBLOCKING)
#define RTSEQ_NONBLOCKING
#define RTSEQ_TRUST_NONBLOCKING_BEGIN
#define RTSEQ_TRUST_NONBLOCKING_END
#endif

#endif
