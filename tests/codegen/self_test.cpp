// What the checker must accept (good_…) and must reject (bad_…): it is run on each of these.
extern "C" {
extern unsigned long word, other;
void outside();

// Like a load: the retry is out of the straight line, and may do as it likes.
unsigned long good_read_with_a_slow_path() {
  if (__atomic_load_n(&word, __ATOMIC_ACQUIRE) & 1) [[unlikely]] {
    outside();
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
  }
  return other;
}

void bad_full_fence() {
  __atomic_store_n(&word, 1UL, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
}
unsigned long bad_locked_instruction() { return __atomic_fetch_add(&word, 1UL, __ATOMIC_SEQ_CST); }
unsigned long bad_exchange() { return __atomic_exchange_n(&word, 1UL, __ATOMIC_SEQ_CST); }
unsigned long bad_call() {
  outside();
  return word;
}
void bad_tail_call() { outside(); }
unsigned long bad_length(const volatile unsigned long* p) {
  return *p + *p + *p + *p + *p + *p + *p + *p + *p + *p + *p + *p + *p;
}
#if defined(__x86_64__)
void bad_load_fence() { asm volatile("lfence" ::: "memory"); }
void bad_store_fence() { asm volatile("sfence" ::: "memory"); }
void bad_two_in_one_line() { asm volatile("nop; lock; incl (%%rsp)" ::: "memory"); }
#endif
}
