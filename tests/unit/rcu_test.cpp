#include <rtseq/rcu.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace {

// What a writer publishes: two halves that must agree, and a mark that its destructor wipes.
struct pair_of_numbers {
  explicit pair_of_numbers(unsigned n) : first(n), second(~n) {}
  ~pair_of_numbers() { alive = 0; }
  pair_of_numbers(const pair_of_numbers&) = delete;
  pair_of_numbers& operator=(const pair_of_numbers&) = delete;

  bool is_whole() const { return alive == 0x600d && first == ~second; }

  unsigned first;
  unsigned second;
  unsigned alive = 0x600d;
};

template <class Flavour>
class Rcu : public testing::Test {
 protected:
  // A thread that takes part in the flavour; the test's own thread is one too.
  template <class F>
  static std::thread participant(F body) {
    return std::thread([body = std::move(body)] {
      const rtseq::rcu_thread<Flavour> registered;
      body();
    });
  }
  static void join(std::thread& thread) {
    const rtseq::rcu_offline<Flavour> offline;
    thread.join();
  }
  static auto& domain() { return rtseq::rcu_default_domain<Flavour>(); }
  template <class T>
  static void retire(T* object) {
    rtseq::rcu_retire(object, rtseq::rcu_delete(), domain());
  }

 private:
  rtseq::rcu_thread<Flavour> registered_;
};

using flavours = testing::Types<rtseq::rcu_bp, rtseq::rcu_memb, rtseq::rcu_mb, rtseq::rcu_qsbr>;
struct flavour_names {
  template <class Flavour>
  static std::string GetName(int) {
    if (std::is_same_v<Flavour, rtseq::rcu_bp>) return "bp";
    if (std::is_same_v<Flavour, rtseq::rcu_memb>) return "memb";
    return std::is_same_v<Flavour, rtseq::rcu_mb> ? "mb" : "qsbr";
  }
};
TYPED_TEST_SUITE(Rcu, flavours, flavour_names);

static_assert(std::is_same_v<rtseq::rcu_domain, rtseq::basic_rcu_domain<rtseq::rcu_bp>>);
static_assert(!std::is_default_constructible_v<rtseq::rcu_domain> &&
              !std::is_copy_constructible_v<rtseq::rcu_domain>);
static_assert(!rtseq::rcu_bp::needs_registration && rtseq::rcu_memb::needs_registration);
static_assert(rtseq::rcu_bp::handler_may_read && rtseq::rcu_memb::handler_may_read);
static_assert(rtseq::rcu_mb::handler_may_read && !rtseq::rcu_qsbr::handler_may_read);

TYPED_TEST(Rcu, readers_see_the_old_or_the_new_and_never_the_freed) {
  rtseq::rcu_pointer<const pair_of_numbers> current(new pair_of_numbers(0));
  std::atomic<bool> stop{false};
  std::atomic<unsigned> broken{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.push_back(this->participant([&] {
      unsigned newest = 0;
      while (!stop) {
        for (int reads = 0; reads < 100; ++reads) {
          const rtseq::rcu_reader<TypeParam> section;
          const pair_of_numbers* const it = current.load();
          if (!it->is_whole() || it->first < newest) ++broken;
          newest = it->first;
        }
        rtseq::rcu_quiescent_state<TypeParam>();
      }
    }));
  }
  for (unsigned n = 1; n <= 3000; ++n) {
    const pair_of_numbers* const old = current.exchange(new pair_of_numbers(n));
    if (n % 500 == 0) {
      rtseq::rcu_synchronize(this->domain());
      delete old;
    } else {
      this->retire(old);
    }
    if (n % 50 == 0) usleep(1000);
  }
  stop = true;
  for (std::thread& reader : readers) this->join(reader);
  EXPECT_EQ(broken, 0U);
  delete current.exchange(nullptr);
  rtseq::rcu_barrier(this->domain());
}

TYPED_TEST(Rcu, barrier_waits_for_every_deleter_and_each_runs_once) {
  struct counting_deleter {
    int* runs;
    void operator()(int* object) const {
      ++*runs;
      ++*object;
    }
  };
  constexpr int objects = 1000;
  std::vector<int> deleted(2 * objects);
  int runs[2] = {
      0, 0};  // plain: two threads retire, but deleters run one after the other, before the barrier's end
  const auto retire_all = [&](int which) {
    for (int i = 0; i < objects; ++i) {
      rtseq::rcu_retire(&deleted[static_cast<std::size_t>(which * objects + i)],
                        counting_deleter{&runs[which]}, this->domain());
    }
  };
  std::thread other = this->participant([&] { retire_all(1); });
  retire_all(0);
  this->join(other);
  rtseq::rcu_barrier(this->domain());
  EXPECT_THAT(runs, testing::ElementsAre(objects, objects));
  EXPECT_THAT(deleted, testing::Each(1));
}

TYPED_TEST(Rcu, synchronize_waits_for_a_reader_and_for_the_outermost_section) {
  std::atomic<int> step{0};
  std::atomic<bool> synchronized{false};
  bool too_early = false;
  std::thread reader = this->participant([&] {
    {
      const std::scoped_lock outer(this->domain());
      {
        const rtseq::rcu_reader<TypeParam> inner;
        step = 1;
        while (step != 2) usleep(100);
      }
      usleep(30'000);  // the inner section's end must not let the writer through
      too_early = synchronized;
    }
    rtseq::rcu_quiescent_state<TypeParam>();
  });
  {
    const rtseq::rcu_offline<TypeParam> offline;
    while (step != 1) usleep(100);
  }
  step = 2;
  rtseq::rcu_synchronize(this->domain());
  synchronized = true;
  this->join(reader);
  EXPECT_FALSE(too_early);
}

TYPED_TEST(Rcu, what_a_reader_did_happens_before_synchronize_returns) {
  int plain = 0;  // ThreadSanitizer checks the order
  std::atomic<bool> reading{false};
  std::thread reader = this->participant([&] {
    const rtseq::rcu_reader<TypeParam> section;
    reading.store(true, std::memory_order_relaxed);
    usleep(1000);
    plain = 1;
  });
  {
    const rtseq::rcu_offline<TypeParam> offline;
    while (!reading.load(std::memory_order_relaxed)) usleep(100);
  }
  rtseq::rcu_synchronize(this->domain());
  EXPECT_EQ(plain, 1);
  this->join(reader);
}

struct other_base {
  int* next = nullptr;  // liburcu's names are not in the way
  int func = 1;
};
struct retirable : other_base, rtseq::rcu_obj_base<retirable> {
  explicit retirable(std::atomic<int>& count) : destroyed(count) {}
  retirable(const retirable&) = default;
  ~retirable() { destroyed += func; }
  std::atomic<int>& destroyed;
};

TYPED_TEST(Rcu, an_object_with_the_base_retires_itself) {
  std::atomic<int> destroyed{0};
  retirable* const first = new retirable(destroyed);
  retirable* const copy = new retirable(*first);
  first->retire(rtseq::rcu_delete(), this->domain());
  copy->retire(rtseq::rcu_delete(), this->domain());
  rtseq::rcu_barrier(this->domain());
  EXPECT_EQ(destroyed, 2);
}

TYPED_TEST(Rcu, a_deleter_may_be_a_lambda_that_retires_more) {
  std::atomic<int> runs{0};
  int object = 0;
  const auto last = [&runs](int*) { ++runs; };
  rtseq::rcu_retire(
      &object,
      [&, last](int* it) {
        ++runs;
        rtseq::rcu_retire(it, last, this->domain());
      },
      this->domain());
  rtseq::rcu_barrier(this->domain());
  rtseq::rcu_barrier(this->domain());
  EXPECT_EQ(runs, 2);
}

TYPED_TEST(Rcu, a_domain_is_a_lockable) {
  std::mutex mutex;
  const std::scoped_lock both(this->domain(), mutex);
  EXPECT_TRUE(this->domain().try_lock());
  EXPECT_TRUE(TypeParam::read_ongoing());
  this->domain().unlock();
  EXPECT_TRUE(TypeParam::read_ongoing());
}

// --- the default flavour ----------------------------------------------------------------------------------

TEST(RcuDefault, needs_no_registration_and_no_domain) {
  rtseq::rcu_pointer<pair_of_numbers> current(new pair_of_numbers(1));
  std::thread([&] {
    const rtseq::rcu_reader reader;
    EXPECT_TRUE(current.load()->is_whole());
  }).join();
  rtseq::rcu_retire(current.exchange(new pair_of_numbers(2)));
  rtseq::rcu_synchronize();
  rtseq::rcu_retire(current.exchange(nullptr));
  rtseq::rcu_barrier();
}

TEST(RcuPointer, compare_exchange_takes_the_expected_only) {
  int a = 0;
  int b = 0;
  rtseq::rcu_pointer<int> pointer;
  EXPECT_EQ(pointer.load(), nullptr);
  pointer.store(&a);
  int* expected = &b;
  EXPECT_FALSE(pointer.compare_exchange(expected, &b));
  EXPECT_EQ(expected, &a);
  EXPECT_TRUE(pointer.compare_exchange(expected, &b));
  EXPECT_EQ(pointer.load(), &b);
}

// --- waiting for oneself ----------------------------------------------------------------------------------

template <class Flavour>
class RcuDeathTest : public Rcu<Flavour> {};
using flavours_with_sections = testing::Types<rtseq::rcu_bp, rtseq::rcu_memb, rtseq::rcu_mb>;
TYPED_TEST_SUITE(RcuDeathTest, flavours_with_sections, flavour_names);

TYPED_TEST(RcuDeathTest, synchronize_and_barrier_inside_a_section_are_reported) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const rtseq::rcu_reader<TypeParam> section;
  EXPECT_DEATH(rtseq::rcu_synchronize(this->domain()), "rtseq: rcu_synchronize: inside a read section");
  EXPECT_DEATH(rtseq::rcu_barrier(this->domain()), "rtseq: rcu_barrier: inside a read section");
}

// --- handlers ---------------------------------------------------------------------------------------------

rtseq::rcu_pointer<const pair_of_numbers> handlers_pointer;
volatile sig_atomic_t handler_reads = 0;
volatile sig_atomic_t handler_saw_broken = 0;

template <class Flavour>
void reading_handler(int) {
  static_assert(Flavour::handler_may_read);
  const rtseq::rcu_reader<Flavour> section;
  if (!handlers_pointer.load()->is_whole()) handler_saw_broken = 1;
  handler_reads = handler_reads + 1;
}

template <class Flavour>
class RcuInHandler : public Rcu<Flavour> {
 protected:
  void SetUp() override {
    handlers_pointer.store(new pair_of_numbers(0));
    handler_reads = 0;
    handler_saw_broken = 0;
    struct sigaction action {};
    action.sa_handler = reading_handler<Flavour>;
    action.sa_flags = SA_RESTART;
    sigaction(SIGUSR1, &action, &before_);
  }
  void TearDown() override {
    sigaction(SIGUSR1, &before_, nullptr);
    this->retire(handlers_pointer.exchange(nullptr));
    rtseq::rcu_barrier(this->domain());
  }

 private:
  struct sigaction before_ {};
};
TYPED_TEST_SUITE(RcuInHandler, flavours_with_sections, flavour_names);

TYPED_TEST(RcuInHandler, reads_on_top_of_readers_and_writers) {
  // This thread, with 10 kHz of handlers on top, reads, replaces and synchronizes; another one replaces too.
  std::atomic<bool> stop{false};
  sigset_t set;  // the other thread, and liburcu's own, which inherits from it, take no SIGUSR1
  sigemptyset(&set);
  sigaddset(&set, SIGUSR1);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::thread writer = this->participant([&] {
    for (unsigned n = 1; !stop; ++n) {
      this->retire(handlers_pointer.exchange(new pair_of_numbers(n)));
      usleep(100);
    }
  });
  sigevent event{};
  event.sigev_notify = SIGEV_THREAD_ID;
  event.sigev_signo = SIGUSR1;
  event._sigev_un._tid = static_cast<pid_t>(syscall(SYS_gettid));
  timer_t timer{};
  ASSERT_EQ(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  const itimerspec period{{0, 100'000}, {0, 100'000}};
  timer_settime(timer, 0, &period, nullptr);

  unsigned broken = 0;
  const auto now_ms = [] {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
  };
  const auto end = now_ms() + 150;
  while (now_ms() < end || handler_reads < 10) {
    for (int i = 0; i < 1000; ++i) {
      const rtseq::rcu_reader<TypeParam> section;
      if (!handlers_pointer.load()->is_whole()) ++broken;
    }
    usleep(10);  // so that sanitizers, which hold signals back, let some in
    const pair_of_numbers* const old = handlers_pointer.exchange(new pair_of_numbers(1));
    rtseq::rcu_synchronize(this->domain());
    delete old;
  }
  timer_delete(timer);
  stop = true;
  this->join(writer);
  EXPECT_EQ(broken, 0U);
  EXPECT_EQ(handler_saw_broken, 0);
  EXPECT_GE(handler_reads, 10);
}

TYPED_TEST(RcuInHandler, a_section_of_a_handler_nests_in_the_section_it_interrupts) {
  const rtseq::rcu_reader<TypeParam> section;
  raise(SIGUSR1);
  EXPECT_EQ(handler_reads, 1);
  EXPECT_TRUE(TypeParam::read_ongoing());
}

TEST(RcuInHandlerDefault, a_threads_first_read_may_be_a_handlers) {
  handlers_pointer.store(new pair_of_numbers(0));
  handler_reads = 0;
  handler_saw_broken = 0;
  struct sigaction action {};
  struct sigaction before {};
  action.sa_handler = reading_handler<rtseq::rcu_bp>;
  sigaction(SIGUSR1, &action, &before);
  std::thread([] { raise(SIGUSR1); }).join();
  sigaction(SIGUSR1, &before, nullptr);
  EXPECT_EQ(handler_reads, 1);
  EXPECT_EQ(handler_saw_broken, 0);
  delete handlers_pointer.exchange(nullptr);
}

}  // namespace
