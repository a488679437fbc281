// A large copy leaves the caller's vector registers as they were, also where the compiler sees what it touches and keeps
// values in others (-fipa-ra). Exit status: 0 they are, 1 they are not, 77 no AVX here.
#include <immintrin.h>
#include <rtseq/per_byte_memcpy.hpp>

#include <cstdio>

static unsigned char shared[1024];

// Compiled before its use below.
[[gnu::noipa]] static void copy(unsigned char* into) {
  rtseq::atomic_load_per_byte_memcpy(into, shared, sizeof shared, std::memory_order_relaxed);
}

[[gnu::noipa]] static __m256 squares_and_more(const float* numbers, unsigned char* into) {
  const __m256 loaded = _mm256_loadu_ps(numbers);
  const __m256 squares = _mm256_mul_ps(loaded, loaded);
  rtseq::atomic_load_per_byte_memcpy(into, shared, sizeof shared, std::memory_order_relaxed);
  return _mm256_add_ps(loaded, squares);
}

int main() {
  if (!__builtin_cpu_supports("avx")) {
    std::puts("skipped: no AVX here");
    return 77;
  }
  const float numbers[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  float result[8];
  static unsigned char into[sizeof shared];
  copy(into);
  _mm256_storeu_ps(result, squares_and_more(numbers, into));
  for (int i = 0; i < 8; ++i) {
    if (result[i] != numbers[i] + numbers[i] * numbers[i]) {
      std::printf("number %d is %g\n", i, static_cast<double>(result[i]));
      return 1;
    }
  }
  return 0;
}
