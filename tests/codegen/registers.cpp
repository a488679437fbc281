// A copy leaves the caller's vector registers as they were: in a function with AVX of a program without, where the wider
// moves end with vzeroupper; and in a program with it where the compiler sees what a large copy touches and keeps values
// in others (-fipa-ra). Exit status: 0 it does, 1 it does not, 77 no AVX here.
#include <immintrin.h>
#include <rtseq/per_byte_memcpy.hpp>

#include <cstddef>
#include <cstdio>

template <std::size_t Bytes>
static unsigned char shared[Bytes];

// Compiled before its use below.
[[gnu::noipa]] static void copy(unsigned char* into) {
  rtseq::atomic_load_per_byte_memcpy(into, shared<1024>, 1024, std::memory_order_relaxed);
}

template <std::size_t Bytes>
[[gnu::noipa, gnu::target("avx")]] static void squares_and_more(float* result, const float* numbers,
                                                                unsigned char* into) {
  const __m256 loaded = _mm256_loadu_ps(numbers);
  const __m256 squares = _mm256_mul_ps(loaded, loaded);
  rtseq::atomic_load_per_byte_memcpy(into, shared<Bytes>, Bytes, std::memory_order_relaxed);
  _mm256_storeu_ps(result, _mm256_add_ps(loaded, squares));
}

template <std::size_t Bytes>
static bool keeps_registers() {
  const float numbers[8] = {1, 2, 3, 4, 5, 6, 7, 8};
  float result[8];
  static unsigned char into[Bytes];
  squares_and_more<Bytes>(result, numbers, into);
  for (int i = 0; i < 8; ++i) {
    if (result[i] != numbers[i] + numbers[i] * numbers[i]) {
      std::printf("%zu bytes: number %d is %g\n", Bytes, i, static_cast<double>(result[i]));
      return false;
    }
  }
  return true;
}

int main() {
  if (!__builtin_cpu_supports("avx")) {
    std::puts("skipped: no AVX here");
    return 77;
  }
  static unsigned char into[1024];
  copy(into);
  return keeps_registers<128>() && keeps_registers<1024>() ? 0 : 1;
}
