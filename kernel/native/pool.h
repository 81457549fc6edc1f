#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "layout.h"

namespace cipherfilm {

/** A pool hands out the units of one task at a time to the caller's thread and its helpers. */
class Pool {
 public:
  /** Starts the helper threads, one fewer than `threads`. */
  Pool(uint8_t* memory, Perform perform, uint32_t threads) : memory_(memory), perform_(perform) {
    helpers_.reserve(threads);
    try {
      for (uint32_t thread = 1; thread < threads; thread++) helpers_.emplace_back([this, thread] { serve(thread); });
    } catch (const std::system_error&) {
      // The system gives no more threads: those that there are do the work.
    }
  }

  ~Pool() {
    stop_ = true;
    begin();
    for (std::thread& helper : helpers_) helper.join();
  }

  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /** Runs all units of a task and returns when they are done. */
  void run(uint32_t task, Address ring, Address args, uint32_t units) {
    if (helpers_.empty() || units == 1) {
      for (uint32_t unit = 0; unit < units; unit++) perform_(memory_, task, ring, args, unit, 0);
      return;
    }
    task_ = task;
    ring_ = ring;
    args_ = args;
    units_ = units;
    next_ = 0;
    through_ = 0;
    begin();
    takeUnits(0);
    while (through_.load(std::memory_order_acquire) < helpers_.size()) pause();
  }

 private:
  /**
   * A helper looks so often for new work before it sleeps. This takes some tens of microseconds, as long as the pause
   * between two tasks of a program.
   */
  static constexpr int spins = 4000;

  static void pause() { __builtin_ia32_pause(); }

  /** Wakes the helpers. */
  void begin() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      epoch_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
  }

  /** Does the work of a helper thread until the pool ends. */
  void serve(uint32_t thread) {
    uint32_t seen = 0;
    while (true) {
      for (int left = spins; left > 0 && epoch_.load(std::memory_order_acquire) == seen; left--) pause();
      if (epoch_.load(std::memory_order_acquire) == seen) {
        std::unique_lock<std::mutex> lock(mutex_);
        wake_.wait(lock, [&] { return epoch_.load(std::memory_order_acquire) != seen; });
      }
      seen = epoch_.load(std::memory_order_acquire);
      if (stop_) return;
      takeUnits(thread);
      through_.fetch_add(1, std::memory_order_release);
    }
  }

  /** Takes one unit after the other until none is left. */
  void takeUnits(uint32_t thread) {
    for (uint32_t unit = next_.fetch_add(1); unit < units_; unit = next_.fetch_add(1))
      perform_(memory_, task_, ring_, args_, unit, thread);
  }

  uint8_t* memory_;
  Perform perform_;
  std::vector<std::thread> helpers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<uint32_t> epoch_{0}, next_{0}, through_{0};
  std::atomic<bool> stop_{false};
  uint32_t task_ = 0, units_ = 0;
  Address ring_ = 0, args_ = 0;
};

}  // namespace cipherfilm
