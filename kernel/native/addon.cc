#include <node_api.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include <memory>
#include <string>

#include "pool.h"

/**
 * This addon exports to Node:
 *
 * - `version`, which kernel/native.ts compares with its own;
 * - `sets`, the names of the instruction sets that this processor has;
 * - `open(bytes, set, threads)`, which makes a pool of threads on the memory of a Uint8Array; the memory must not move
 *   and must outlive the pool;
 * - `run(pool, task, ring, args, units)`, which runs all units of a task and returns when they are done;
 * - `close(pool)`, which ends the pool's threads;
 * - `trim()`, which gives freed memory that the C library keeps back to the system.
 */
namespace {

using cipherfilm::Pool;

/** This number changes with layout.h and with the arguments of any task. kernel/native.ts expects the same. */
constexpr uint32_t version = 3;

/** Throws a TypeError in JavaScript. */
napi_value fail(napi_env env, const char* message) {
  napi_throw_type_error(env, nullptr, message);
  return nullptr;
}

/** Reads `count` numbers; false when one of them is no number. */
bool readWords(napi_env env, const napi_value* values, uint32_t* words, size_t count) {
  for (size_t index = 0; index < count; index++)
    if (napi_get_value_uint32(env, values[index], &words[index]) != napi_ok) return false;
  return true;
}

/** Finds the code for an instruction set; null when it is unknown or this processor does not have it. */
cipherfilm::Perform findSet(const std::string& name) {
  if (name == "avx512" && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
    return cipherfilm::performAvx512;
  if (name == "avx2" && __builtin_cpu_supports("avx2")) return cipherfilm::performAvx2;
  return nullptr;
}

/** Finds the pool in an external value of JavaScript. `close` empties it. */
std::unique_ptr<Pool>* poolOf(napi_env env, napi_value value) {
  void* data = nullptr;
  if (napi_get_value_external(env, value, &data) != napi_ok) return nullptr;
  return static_cast<std::unique_ptr<Pool>*>(data);
}

/** Makes a pool of threads on a memory. */
napi_value open(napi_env env, napi_callback_info info) {
  napi_value args[3];
  size_t count = 3;
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  napi_typedarray_type type;
  size_t length = 0;
  void* bytes = nullptr;
  if (count != 3 || napi_get_typedarray_info(env, args[0], &type, &length, &bytes, nullptr, nullptr) != napi_ok ||
      type != napi_uint8_array || bytes == nullptr)
    return fail(env, "\"bytes\" expected a Uint8Array");
  char name[16] = "";
  napi_get_value_string_utf8(env, args[1], name, sizeof name, nullptr);
  const cipherfilm::Perform perform = findSet(name);
  if (perform == nullptr) return fail(env, "\"set\" expected one of sets");
  uint32_t threads = 0;
  if (!readWords(env, args + 2, &threads, 1) || threads < 1 || threads > 64)
    return fail(env, "\"threads\" expected 1 to 64");
  auto* pool = new std::unique_ptr<Pool>(std::make_unique<Pool>(static_cast<uint8_t*>(bytes), perform, threads));
  napi_value external;
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<std::unique_ptr<Pool>*>(data); };
  napi_create_external(env, pool, finalize, nullptr, &external);
  return external;
}

/** Runs all units of a task. */
napi_value run(napi_env env, napi_callback_info info) {
  napi_value args[5];
  size_t count = 5;
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  uint32_t words[4];
  std::unique_ptr<Pool>* pool = count == 5 ? poolOf(env, args[0]) : nullptr;
  if (pool == nullptr || *pool == nullptr) return fail(env, "\"pool\" expected an open one");
  if (!readWords(env, args + 1, words, 4) || words[0] >= cipherfilm::taskCount)
    return fail(env, "\"task\" expected one of kernel/assembly/index.ts");
  (*pool)->run(words[0], words[1], words[2], words[3]);
  return nullptr;
}

/** Ends the threads of a pool. */
napi_value close(napi_env env, napi_callback_info info) {
  napi_value args[1];
  size_t count = 1;
  napi_get_cb_info(env, info, &count, args, nullptr, nullptr);
  if (std::unique_ptr<Pool>* pool = count == 1 ? poolOf(env, args[0]) : nullptr) pool->reset();
  return nullptr;
}

/** Gives freed memory back to the system. */
napi_value trim(napi_env, napi_callback_info) {
#ifdef __GLIBC__
  malloc_trim(0);
#endif
  return nullptr;
}

void add(napi_env env, napi_value exports, const char* name, napi_callback callback) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  napi_set_named_property(env, exports, name, function);
}

}  // namespace

NAPI_MODULE_INIT() {
  napi_value number, sets, text;
  napi_create_uint32(env, version, &number);
  napi_set_named_property(env, exports, "version", number);
  napi_create_array(env, &sets);
  uint32_t found = 0;
  for (const char* name : {"avx512", "avx2"}) {
    if (findSet(name) == nullptr) continue;
    napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &text);
    napi_set_element(env, sets, found++, text);
  }
  napi_set_named_property(env, exports, "sets", sets);
  add(env, exports, "open", open);
  add(env, exports, "run", run);
  add(env, exports, "close", close);
  add(env, exports, "trim", trim);
  return exports;
}
